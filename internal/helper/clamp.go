// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/inroot"
)

// clamp sets the times of every file below root to the epoch that changed
// since the command's start, which its time of change tells: no program can set
// that one back, and a file of the layers below has an older one. Nothing on
// another mount is touched, nor below a path to skip.
func clamp(root string, since moments, skip []string, warn func(string)) error {
	return clamper{since: since, warn: warn}.walk(root, skip)
}

// clampNew does the same but for files that have an older time by themselves:
// those that a package's archive gave theirs.
func clampNew(root string, since moments, warn func(string)) error {
	return clamper{since: since, warn: warn, onlyNew: true}.walk(root, nil)
}

// ahead walks as clampNew will, and changes nothing. Looking each file up in all layers
// for the first time takes the kernel longer than all the rest; it can do that beside
// a command that needs one processor.
func ahead(root string) {
	never := moments{command: math.MaxInt64, container: math.MaxInt64}
	_ = clamper{since: never, onlyNew: true}.walk(root, nil) // the walk afterwards says what is wrong
}

func (c clamper) walk(root string, skip []string) error {
	top, err := openRoot(root)
	if err != nil {
		return err
	}
	defer top.close()
	st, err := statx(top.fd, ".")
	if err != nil {
		return fmt.Errorf("stat /: %w", err)
	}
	c.mount, c.buf = mountOf(st), make([]byte, 1<<16)
	skip = append([]string{"/proc", "/sys", "/dev"}, skip...)
	if c.mount == 0 {
		skip = append(skip, mountPoints()...)
	}
	return c.root(top, st, skip)
}

func (c *clamper) root(top dir, st unix.Statx_t, skip []string) error {
	off := newDirectory(plain())
	for _, p := range skip {
		off.close(rooted(p))
	}
	holds, err := c.contents(top, off)
	if err != nil || !c.changed(st, holds) {
		return err
	}
	return c.set(top, ".")
}

// close marks a path as one the walk doesn't enter. Paths to skip are a tree
// so that the walk needs to join no names.
func (n *node) close(p string) {
	n.ensure(p)
	n.at(p).kind = inroot.Other
}

// A clamper is one walk through a root file system.
type clamper struct {
	since moments
	// onlyNew leaves files alone whose time is older than the command.
	onlyNew bool
	mount   uint64
	warn    func(string)
	buf     []byte
}

// contents clamps what is in d, and reports whether there is a mount point below.
func (c *clamper) contents(d dir, off *node) (bool, error) {
	names, err := d.names(c.buf)
	if err != nil {
		return false, err
	}
	holds := false
	for _, name := range names {
		below, err := c.entry(d, name, off.child(name))
		if err != nil {
			return false, err
		}
		holds = holds || below
	}
	return holds, nil
}

func (c *clamper) entry(d dir, name string, off *node) (holds bool, err error) {
	st, err := statx(d.fd, name)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("stat %s: %w", show(d.join(name)), err)
	}
	elsewhere := c.mount != 0 && mountOf(st) != c.mount
	if elsewhere || off != nil && off.kind == inroot.Other {
		return elsewhere || c.mount == 0, nil
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		sub, err := c.open(d, name)
		if errors.Is(err, unix.ENOENT) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		holds, err = c.contents(sub, off)
		sub.close()
		if err != nil {
			return false, err
		}
	}
	if !c.changed(st, holds) {
		return holds, nil
	}
	if c.onlyNew && strings.HasPrefix(name, ".wh.") {
		return false, fmt.Errorf("install packages: a maintainer script made %s: names with .wh. mean a deletion in an image's layer", show(d.join(name)))
	}
	if strings.HasPrefix(name, ".wh.") {
		return false, fmt.Errorf("ship %s: names with .wh. mean a deletion in an image's layer; rename it", show(d.join(name)))
	}
	return holds, c.set(d, name)
}

// open leaves the time of access alone where it may.
func (c *clamper) open(d dir, name string) (dir, error) {
	fd, err := unix.Openat(d.fd, name, openDirFlags|unix.O_NOATIME, 0)
	if err == nil {
		return dir{fd: fd, path: d.join(name)}, nil
	}
	return d.open(name)
}

// changed reports whether a file is the command's work, or the runtime's if it is a directory with a mount point.
func (c *clamper) changed(st unix.Statx_t, holds bool) bool {
	since := c.since.command
	if holds {
		since = c.since.container
	}
	return nanoseconds(st.Ctime) >= since && (!c.onlyNew || nanoseconds(st.Mtime) >= since)
}

func nanoseconds(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }

// set sets the times of a file. One that is immutable, or gone, is left alone.
func (c *clamper) set(d dir, name string) error {
	err := d.stamp(name)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES), errors.Is(err, unix.EROFS):
		c.warn(err.Error() + "; the layer will differ from build to build")
		return nil
	}
	return err
}
