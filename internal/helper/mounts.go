// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// statx asks for what the walk needs: a file's type, its times of change and
// the mount it is on. The device number would not do: on overlayfs it may
// differ from file to file.
func statx(fd int, name string) (unix.Statx_t, error) {
	var st unix.Statx_t
	const flags = unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT
	err := unix.Statx(fd, name, flags, unix.STATX_TYPE|unix.STATX_CTIME|unix.STATX_MTIME|unix.STATX_MNT_ID, &st)
	return st, err
}

// mountOf is the number of the mount a file is on, 0 if the kernel (before 5.8) doesn't tell.
func mountOf(st unix.Statx_t) uint64 {
	if st.Mask&unix.STATX_MNT_ID == 0 {
		return 0
	}
	return st.Mnt_id
}

// mountPoints are the paths where something is mounted, for kernels that don't say so file by file.
func mountPoints() []string {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	return parseMountPoints(string(text))
}

func parseMountPoints(text string) []string {
	var points []string
	for line := range strings.SplitSeq(text, "\n") {
		if f := strings.Fields(line); len(f) > 4 && f[4] != "/" {
			points = append(points, unescape(f[4]))
		}
	}
	return points
}

// unescape undoes the octal escapes of blanks, newlines and backslashes in mountinfo.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
