// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command strata builds container images from a strata.yaml: on a BuildKit
// daemon, or with the BuildKit it carries.
//
// Each verb is a file of this folder. A verb's flags fill a struct of options;
// the struct and a [terminal] are all that its run function sees.
//
// The exit status is 0 for success, 1 for a failure, 2 for a mistake in the
// command line or the build file, and 3 when a comparison finds a difference; a
// signal gives 128 and its number. A command that does not succeed leaves its
// outputs as they were.
package main

import (
	"context"
	"os"
)

func main() {
	ctx, stop := interruptible(context.Background())
	t := terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}
	status := run(ctx, t, os.Args[1:])
	stop()
	os.Exit(status)
}
