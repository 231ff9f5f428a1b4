// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/testenv"
)

// TestOwnersKeepCapabilities gives a file with capabilities, and one with setuid, to a group
// that has another number in the image than where it was packed.
func TestOwnersKeepCapabilities(t *testing.T) {
	const attribute, capabilities = "security.capability", "\x01\x00\x00\x02\x00\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	change := func(h *tar.Header) {
		h.Gname, h.Gid, h.Mode = "capture", 101, 0o750
		h.PAXRecords = map[string]string{"SCHILY.xattr." + attribute: capabilities}
	}
	setuid := func(h *tar.Header) { h.Gname, h.Gid, h.Mode = "capture", 101, 0o4750 }
	l := newLab(t)
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{
		{Name: "accounts", Version: "1-r0", Files: map[string]string{"etc/group": "root:x:0:\ncapture:x:107:\n"}},
		{
			Name: "dump", Version: "1-r0", Files: map[string]string{"usr/bin/dump": "x", "usr/bin/su": "x"},
			Headers: map[string]func(*tar.Header){"usr/bin/dump": change, "usr/bin/su": setuid},
		},
	}))
	for name, mode := range map[string]uint32{"usr/bin/dump": 0o750, "usr/bin/su": 0o4750} {
		var st unix.Stat_t
		must(t, unix.Lstat(filepath.Join(l.root, name), &st))
		if st.Gid != 107 || st.Mode&0o7777 != mode {
			t.Errorf("%s is of %d, %o", name, st.Gid, st.Mode&0o7777)
		}
	}
	data := make([]byte, 64)
	n, err := unix.Lgetxattr(filepath.Join(l.root, "usr/bin/dump"), attribute, data)
	if err != nil || string(data[:n]) != capabilities {
		t.Errorf("its capabilities are %q, %v", data[:max(n, 0)], err)
	}
}
