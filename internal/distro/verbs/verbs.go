// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package verbs is the table of the step helper's subcommands about packages.
package verbs

import (
	"io"
	"slices"

	alpine "github.com/strata-build/strata/internal/distro/alpine/install"
	"github.com/strata-build/strata/internal/distro/command"
	debian "github.com/strata-build/strata/internal/distro/debian/install"
	"github.com/strata-build/strata/internal/distro/debian/quirks"
)

// All are the subcommands.
func All() []command.Verb {
	return slices.Concat(debian.Verbs(), alpine.Verbs())
}

// Shim is for a helper that a maintainer script called by the name of another
// program: it does that program's work and returns the exit status. It returns false
// when the helper was called as itself.
func Shim(argv []string, stdout, stderr io.Writer) (status int, ok bool) {
	return quirks.Shim(argv, stdout, stderr)
}
