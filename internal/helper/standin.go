// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"io"

	"github.com/strata-build/strata/internal/distro/debian/install"
)

// StandIn is for a helper that was called by the name of another program, by a
// maintainer script: it does that program's work and returns the exit status. It
// returns false when the helper was called as itself.
func StandIn(argv []string, stdout, stderr io.Writer) (status int, ok bool) {
	return install.StandIn(argv, stdout, stderr)
}
