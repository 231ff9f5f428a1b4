// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/inroot"
)

// writeSkeleton writes the skeleton of the base image mounted at src into the empty
// directory dst: the symbolic links that lead to a directory, the directories
// with a mode other than 0755, an owner other than root or an extended
// attribute, and the directories on the way to both.
func writeSkeleton(src, dst string) error {
	from, err := openRoot(src)
	if err != nil {
		return err
	}
	defer from.close()
	to, err := openEmpty(dst)
	if err != nil {
		return err
	}
	defer to.close()
	s := scanner{root: from, buf: make([]byte, 1<<16)}
	tree, err := s.directory(from)
	if err != nil {
		return err
	}
	if err := tree.write(to); err != nil {
		return err
	}
	return tree.finish(to)
}

// openEmpty opens a mount that is to become a layer.
func openEmpty(mount string) (dir, error) {
	d, err := openRoot(mount)
	if err != nil {
		return dir{}, err
	}
	names, err := d.names(make([]byte, 1<<12))
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("write to mount %s: it isn't empty: it has %s", show(mount), show(names[0]))
	}
	if err != nil {
		d.close()
		return dir{}, err
	}
	return d, nil
}

// A scanner reads the skeleton of a base.
type scanner struct {
	root dir
	buf  []byte
}

// directory returns the node of an open directory, its children only those that matter.
func (s scanner) directory(d dir) (*node, error) {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", show(d.path), err)
	}
	n := newDirectory(attrsOf(st))
	// A base whose attributes can't be read is still a base.
	n.attrs.xattrs, _ = xattrsOf(d.fd)
	switch d.path {
	case "/proc", "/sys", "/dev":
		return n, nil
	}
	names, err := d.names(s.buf)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		child, err := s.entry(d, name, st.Dev)
		if err != nil {
			return nil, err
		}
		if child != nil {
			n.add(name, child)
		}
	}
	return n, nil
}

// entry returns the node of name in d, or nil if a layer needn't know it.
func (s scanner) entry(d dir, name string, dev uint64) (*node, error) {
	st, err := d.stat(name)
	if err != nil {
		return nil, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		return s.link(d, name)
	case unix.S_IFDIR:
		if st.Dev != dev {
			return nil, nil //nolint:nilnil // nothing to respect here
		}
		sub, err := d.open(name)
		if err != nil {
			return nil, err
		}
		defer sub.close()
		n, err := s.directory(sub)
		if err != nil || n.attrs.plain() && len(n.children) == 0 {
			return nil, err
		}
		return n, nil
	}
	return nil, nil //nolint:nilnil // nothing to respect here
}

func (s scanner) link(d dir, name string) (*node, error) {
	target, err := d.readlink(name)
	if err != nil {
		return nil, err
	}
	// A link that can't be resolved, in a circle or to nowhere, isn't a directory.
	if _, found, err := inroot.Follow(s.look, d.join(name)); err != nil || found != inroot.Directory {
		return nil, nil //nolint:nilnil // nothing to respect here
	}
	return &node{kind: inroot.Link, target: target}, nil
}

// look makes the base an inroot.Lookup. What isn't there is an error here:
// unlike a skeleton, a base has all its directories.
func (s scanner) look(p, _ string) (inroot.Kind, string, error) {
	st, err := s.root.stat(p[1:])
	if err != nil {
		return inroot.Absent, "", err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return inroot.Directory, "", nil
	case unix.S_IFLNK:
		target, err := s.root.readlink(p[1:])
		return inroot.Link, target, err
	}
	return inroot.Other, "", nil
}

// write makes the tree's entries in d; finish then gives the directories their attributes.
func (n *node) write(d dir) error {
	for name, child := range n.children {
		err := child.make(d, name)
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *node) make(d dir, name string) error {
	if n.kind == inroot.Link {
		if err := unix.Symlinkat(n.target, d.fd, name); err != nil {
			return fmt.Errorf("make link %s: %w", show(d.join(name)), err)
		}
		return d.stamp(name)
	}
	sub, err := d.mkdir(name)
	if err != nil {
		return err
	}
	defer sub.close()
	return n.write(sub)
}
