// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command strata builds container images from a strata.yaml: on a BuildKit
// daemon, or with the BuildKit it carries.
//
// Each verb is a file of this directory, and a row in root.go. Its flags fill a
// struct of options; the struct and a [cli.Terminal] are all that its run function
// sees. What verbs share is in internal: job runs builds, images has the flags and
// the notation of the verbs about images, connect finds BuildKit, and cli has the
// streams and the exit status.
//
// The exit status is 0 for success, 1 for a failure, 2 for a mistake in the
// command line or the build file, and 3 when a comparison finds a difference; a
// signal gives 128 and its number. A command that does not succeed leaves its
// outputs as they were.
package main

import (
	"context"
	"os"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

func main() {
	ctx, stop := cli.StopOnSignal(context.Background())
	t := cli.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv}
	args := os.Args[1:]
	// BuildKit puts the command line into errors, and a daemon keeps those in its history:
	// a build argument may be a proxy with its password.
	os.Args = os.Args[:1]
	status := run(ctx, t, args)
	stop()
	os.Exit(status)
}
