// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"fmt"
	"strings"
)

// Lost counts what could not be kept: the target, or the user's rights, do not
// allow it. The zero Lost means that nothing is lost.
type Lost struct {
	// Owners are files that belong to someone else now; they have no setuid or
	// setgid either.
	Owners int
	// Devices are device nodes that are not there.
	Devices int
	// Xattrs are extended attributes, file capabilities among them.
	Xattrs int
	// Links are further names of files that are files of their own now.
	Links int
	// Times are modification times that were brought into the target's range.
	Times int
}

// String names what is lost, empty if nothing is.
func (l Lost) String() string {
	var parts []string
	for _, one := range []struct {
		n    int
		what string
	}{
		{l.Owners, "owner"},
		{l.Devices, "device node"},
		{l.Xattrs, "extended attribute"},
		{l.Links, "hard link"},
		{l.Times, "modification time"},
	} {
		switch {
		case one.n == 1:
			parts = append(parts, "1 "+one.what)
		case one.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", one.n, one.what))
		}
	}
	return strings.Join(parts, ", ")
}
