// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/inroot"
)

// linkPaths makes, in an empty directory, a symbolic link to every file in the
// directories of the roots: bin, lib, share and whatever there is. Directories are never
// linked, so that those of several roots, and of the base, become one. warn is told what
// was left out.
func linkPaths(c call.Link, warn func(line string)) error {
	l := linker{c: c, warn: warn}
	for _, root := range c.Roots {
		real, found, err := inroot.Follow(l.look, root)
		if err != nil {
			return fmt.Errorf("link %s: %w", show(root), err)
		}
		if found != inroot.Directory {
			warn(fmt.Sprintf("link nothing of %s: it isn't a directory", show(root)))
			continue
		}
		if err := l.root(real, root); err != nil {
			return fmt.Errorf("link %s: %w", show(root), err)
		}
	}
	return nil
}

type linker struct {
	c    call.Link
	warn func(line string)
}

// root links what is in the directories of a root. Such a directory may be a link to one
// of another path; deeper down a link is a file like any other.
func (l linker) root(real, root string) error {
	entries, err := l.read(real)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "nix-support" {
			continue // what Nix's builds tell each other
		}
		at, found, err := inroot.Follow(l.look, path.Join(real, e.Name()))
		if err != nil || found != inroot.Directory {
			continue // a file, or a link to nowhere
		}
		if err := l.directory(at, path.Join(root, e.Name()), path.Join(l.c.Into, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// directory links the files of a directory, found at one path and called by another.
func (l linker) directory(at, name, to string) error {
	out := filepath.Join(l.c.Out, to)
	if err := os.MkdirAll(out, 0o755); errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EEXIST) {
		l.taken(name, to)
		return nil
	} else if err != nil {
		return err
	}
	entries, err := l.read(at)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, dest := path.Join(name, e.Name()), path.Join(to, e.Name())
		if e.IsDir() {
			err = l.directory(path.Join(at, e.Name()), from, dest)
		} else if err = os.Symlink(from, filepath.Join(l.c.Out, dest)); errors.Is(err, unix.EEXIST) {
			l.taken(from, dest)
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l linker) taken(name, to string) {
	l.warn(fmt.Sprintf("leave out %s: an earlier path has something at %s", show(name), show(to)))
}

// read lists a directory of the image, in order.
func (l linker) read(p string) ([]os.DirEntry, error) {
	at, err := l.find(p)
	if err != nil {
		return nil, err
	}
	return os.ReadDir(at)
}

// find is where a mount has a path of the image below the store. No component
// of the path is a link.
func (l linker) find(p string) (string, error) {
	below, ok := strings.CutPrefix(p, l.c.Store+"/")
	if !ok {
		return "", unix.ENOENT
	}
	name := components(below)[0]
	i := slices.IndexFunc(l.c.Mounts, func(mount string) bool {
		_, err := os.Lstat(filepath.Join(mount, l.c.Store, name))
		return err == nil
	})
	if i < 0 {
		return "", unix.ENOENT
	}
	return filepath.Join(l.c.Mounts[i], p), nil
}

// look makes the stores an inroot.Lookup.
func (l linker) look(p, _ string) (inroot.Kind, string, error) {
	if p == "/" || p == l.c.Store || strings.HasPrefix(l.c.Store, p+"/") {
		return inroot.Directory, "", nil
	}
	at, err := l.find(p)
	if err != nil {
		return inroot.Absent, "", nil //nolint:nilerr // what isn't in the store is not there
	}
	info, err := os.Lstat(at)
	switch {
	case errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
		return inroot.Absent, "", nil
	case err != nil:
		return inroot.Absent, "", err
	case info.IsDir():
		return inroot.Directory, "", nil
	case info.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink(at)
		return inroot.Link, target, err
	}
	return inroot.Other, "", nil
}
