// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"io"

	"github.com/strata-build/strata/internal/distro/debian/quirks"
)

// Shim is for a helper that was called by the name of another program, by a
// maintainer script: it does that program's work and returns the exit status. It
// returns false when the helper was called as itself.
func Shim(argv []string, stdout, stderr io.Writer) (status int, ok bool) {
	return quirks.Shim(argv, stdout, stderr)
}
