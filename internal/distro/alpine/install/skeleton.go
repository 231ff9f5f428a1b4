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
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/unpack"
)

// A skeleton is a root with the folders and links of an image; empty for none.
type skeleton string

// maxLinks is how many links one path may go through; the kernel's limit.
const maxLinks = 40

// folder is where a folder's path leads in the image. Nothing of it is followed
// by the kernel, and .. stops at the root, so the answer is within the image.
func (s skeleton) folder(p string) (string, error) {
	if s == "" {
		return p, nil
	}
	rest := strings.Split(strings.Trim(p, "/"), "/")
	at := "/"
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, part)
		target, err := os.Readlink(string(s) + next)
		switch {
		case errors.Is(err, unix.EINVAL), errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
			at = next
			continue
		case err != nil:
			return "", fmt.Errorf("look at %s of the image: %w", next, err)
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("look at %s of the image: it goes through too many links", p)
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}

// place is where a path of a package is in the image.
func (s skeleton) place(p string, folder bool) (string, error) {
	if folder || p == "/" {
		return s.folder(p)
	}
	dir, err := s.folder(path.Dir(p))
	return path.Join(dir, path.Base(p)), err
}

// adopt gives a folder of a package the attributes of the image's, and tells
// whether the image has that folder.
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
