// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// settleDirectories gives directories that the image didn't have the attributes with which
// apk leaves them: those of the package that has the greatest priority, or the name of
// its origin, or the first name. Layers that are merged have those of the last one.
func (in *installer) settleDirectories() error {
	known := map[string]bool{}
	for _, r := range in.db.installed {
		files, err := r.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			known[f.Path] = known[f.Path] || f.Directory
		}
	}
	owners := map[string]claim{}
	want := map[string]File{}
	for _, p := range in.packages {
		for _, f := range p.Files {
			if !f.Directory || known[f.Path] || isMounted(f.At) {
				continue
			}
			if owner, ok := owners[f.At]; !ok || owner.yields(p.claim()) {
				owners[f.At], want[f.At] = p.claim(), f
			}
		}
	}
	for at, f := range want {
		if err := in.settleDirectory(at, f); err != nil {
			return fmt.Errorf("give the directory %s its mode and owner: %w", at, err)
		}
	}
	return nil
}

// isMounted reports whether a path isn't the image's own while packages are installed.
func isMounted(at string) bool {
	return at == "/" || slices.Contains([]string{"dev", "proc", "sys", "tmp"}, strings.SplitN(at[1:], "/", 2)[0])
}

func (in *installer) settleDirectory(at string, f File) error {
	if in.Base != "" {
		if _, err := os.Lstat(filepath.Join(in.Base, at)); err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
			return err
		}
	}
	at = filepath.Join(in.Root, at)
	var st unix.Stat_t
	if err := unix.Lstat(at, &st); err != nil {
		return err
	}
	if int(st.Uid) == f.UID && int(st.Gid) == f.GID && st.Mode&0o7777 == f.Mode {
		return nil
	}
	return errors.Join(unix.Lchown(at, f.UID, f.GID), unix.Chmod(at, f.Mode))
}
