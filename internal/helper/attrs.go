// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// attrs are the attributes of a file that a layer keeps. Times are not among
// them: they are the epoch everywhere.
type attrs struct {
	mode     uint32
	uid, gid int
	xattrs   []xattr
}

// plain are the attributes most directories of a base have.
func plain() attrs { return attrs{mode: 0o755} }

func (a attrs) plain() bool {
	return a.mode == 0o755 && a.uid == 0 && a.gid == 0 && len(a.xattrs) == 0
}

func attrsOf(st unix.Stat_t) attrs {
	return attrs{mode: st.Mode & 0o7777, uid: int(st.Uid), gid: int(st.Gid)}
}

// apply gives an open file its attributes. A change of owner clears the
// setuid bit and the capabilities, so the owner comes first.
func (a attrs) apply(fd int) error {
	if err := unix.Fchown(fd, a.uid, a.gid); err != nil {
		return fmt.Errorf("set owner %d:%d: %w", a.uid, a.gid, err)
	}
	for _, x := range a.xattrs {
		if err := unix.Fsetxattr(fd, x.name, x.value, 0); err != nil && !x.dispensable(err) {
			return fmt.Errorf("set extended attribute %s: %w", x.name, err)
		}
	}
	if err := unix.Fchmod(fd, a.mode); err != nil {
		return fmt.Errorf("set mode %04o: %w", a.mode, err)
	}
	return nil
}

// applyAt does the same for what can't be opened: a link, a device, a fifo.
func (a attrs) applyAt(d dir, name string, link bool) error {
	if err := unix.Fchownat(d.fd, name, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set owner %d:%d: %w", a.uid, a.gid, err)
	}
	for _, x := range a.xattrs {
		if err := unix.Lsetxattr(procPath(d, name), x.name, x.value, 0); err != nil && !x.dispensable(err) {
			return fmt.Errorf("set extended attribute %s: %w", x.name, err)
		}
	}
	if link {
		return nil
	}
	if err := unix.Fchmodat(d.fd, name, a.mode, 0); err != nil {
		return fmt.Errorf("set mode %04o: %w", a.mode, err)
	}
	return nil
}
