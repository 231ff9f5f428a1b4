// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/debian/archive"
)

// restoreDirectories gives directories the attributes that dpkg would have left them
// with: those of the base if it has the directory, and else those of the package
// that came first. A merged layer has its own.
func restoreDirectories(root string, b *base, packages []*Package) error {
	want := map[string]Directory{}
	for _, p := range packages {
		for _, f := range p.Directories {
			f.Path = archive.UsrPath(f.Path, true)
			if _, ok := want[f.Path]; !ok {
				want[f.Path] = f
			}
		}
	}
	// The kernel's directories are mounted, and what is below isn't to be seen.
	for _, p := range []string{"/", "/dev", "/proc", "/sys"} {
		delete(want, p)
	}
	for p, f := range want {
		var st unix.Stat_t
		err := unix.Lstat(filepath.Join(b.root, p), &st)
		if err == nil {
			f.Mode, f.UID, f.GID = st.Mode&0o7777, int(st.Uid), int(st.Gid)
		} else if !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("look at the base's directory %s: %w", p, err)
		}
		if err := restoreDirectory(filepath.Join(root, p), f); err != nil {
			return fmt.Errorf("restore directory %s: %w", p, err)
		}
	}
	return nil
}

func restoreDirectory(at string, f Directory) error {
	var st unix.Stat_t
	err := unix.Lstat(at, &st)
	if errors.Is(err, unix.ENOENT) {
		return nil // filtered out
	}
	if err != nil {
		return err
	}
	if int(st.Uid) != f.UID || int(st.Gid) != f.GID {
		if err := unix.Lchown(at, f.UID, f.GID); err != nil {
			return err
		}
		st.Mode &^= 0o7000 // may be lost with the owner
	}
	if st.Mode&0o7777 == f.Mode {
		return nil
	}
	return unix.Chmod(at, f.Mode)
}
