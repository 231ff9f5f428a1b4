// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// fullBelow is what is left at most on a disk on which a write has just failed, in
// bytes.
const fullBelow = 64 << 10

// Full finds an output whose disk has no room any more, and gives the directory that
// is on it. It is for failures that reach the command without their cause.
func (s *Stage) Full() (dir string, full bool) {
	for _, out := range s.outputs {
		if out.place() == "" {
			continue
		}
		dir := existing(filepath.Dir(out.place()))
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err == nil && st.Bavail*uint64(st.Bsize) < fullBelow {
			return dir, true
		}
	}
	return "", false
}
