// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/unpack"
	"github.com/strata-build/strata/internal/inroot"
)

// A skeleton is a root with the directories and links of an image; empty for none.
type skeleton string

// directory is where a directory's path leads in the image. Nothing of it is
// followed by the kernel, so the answer is within the image.
func (s skeleton) directory(p string) (string, error) {
	if s == "" {
		return p, nil
	}
	at, _, err := inroot.Follow(s.look, p)
	if err != nil {
		return "", fmt.Errorf("look at %s of the image: %w", p, err)
	}
	return at, nil
}

// look makes the skeleton an inroot.Lookup. What isn't a link may be missing: a
// package is about to bring it.
func (s skeleton) look(at, _ string) (inroot.Kind, string, error) {
	target, err := os.Readlink(string(s) + at)
	switch {
	case err == nil:
		return inroot.Link, target, nil
	case errors.Is(err, unix.EINVAL), errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return inroot.Absent, "", nil
	}
	return inroot.Absent, "", err
}

// place is where a path of a package is in the image.
func (s skeleton) place(p string, directory bool) (string, error) {
	if directory || p == "/" {
		return s.directory(p)
	}
	dir, err := s.directory(path.Dir(p))
	return path.Join(dir, path.Base(p)), err
}

// adopt gives a directory of a package the attributes of the image's, and reports
// whether the image has that directory.
func (s skeleton) adopt(p string, n *unpack.Node) (bool, error) {
	if s == "" {
		return false, nil
	}
	var st unix.Stat_t
	err := unix.Lstat(string(s)+p, &st)
	switch {
	case errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at %s of the image: %w", p, err)
	}
	n.Mode, n.UID, n.GID = st.Mode&0o7777, int(st.Uid), int(st.Gid)
	return true, nil
}
