// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command strata-step is the helper that Strata mounts into the build steps
// it generates. It is static and needs nothing of the image it works on.
//
// Build it so that its bytes depend on its source alone, because they are
// part of the cache key of every step that uses it:
//
//	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' ./cmd/strata-step
package main

import (
	"os"
	"runtime/debug"

	"github.com/strata-build/strata/internal/helper"
)

// memory is, in bytes, where the collector of garbage starts to work harder. What
// unpacks needs far less; what is left over of one archive must not add up to more.
const memory = 160 << 20

func main() {
	debug.SetMemoryLimit(memory)
	if status, ok := helper.Shim(os.Args, os.Stdout, os.Stderr); ok {
		os.Exit(status)
	}
	os.Exit(helper.Main(os.Args[1:], os.Stdout, os.Stderr))
}
