// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import "slices"

// NeverSkipped reports whether a package's scripts are run on scratch even where others
// are left out: without them there are no accounts, no trust and no time zone.
func NeverSkipped(name string) bool {
	return slices.Contains([]string{"base-passwd", "ca-certificates", "debconf", "libc6", "passwd", "tzdata"}, name)
}
