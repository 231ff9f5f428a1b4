// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/inroot"
)

// loadSkeleton reads what Skeleton wrote. A whole base does as well.
func loadSkeleton(mount string) (*node, error) {
	root, err := openRoot(mount)
	if err != nil {
		return nil, err
	}
	defer root.close()
	tree, links, err := loadDirectory(root, make([]byte, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("load skeleton: %w", err)
	}
	for _, from := range links {
		if target, found, err := inroot.Follow(tree.look, from); err == nil && found == inroot.Absent {
			tree.ensure(target)
		}
	}
	return tree, nil
}

// ensure adds a plain directory and those on the way to it, as far as they aren't there, and
// returns it. A link of the skeleton leads to a directory, so the base has it even if the
// skeleton hasn't.
func (n *node) ensure(p string) *node {
	for _, name := range components(p) {
		next := n.child(name)
		if next == nil {
			next = newDirectory(plain())
			n.add(name, next)
		}
		n = next
	}
	return n
}

func loadDirectory(d dir, buf []byte) (*node, []string, error) {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return nil, nil, fmt.Errorf("stat %s: %w", show(d.path), err)
	}
	n := newDirectory(attrsOf(st))
	n.attrs.xattrs, _ = xattrsOf(d.fd)
	names, err := d.names(buf)
	if err != nil {
		return nil, nil, err
	}
	var links []string
	for _, name := range names {
		child, below, err := loadEntry(d, name, buf)
		if err != nil {
			return nil, nil, err
		}
		n.add(name, child)
		links = append(links, below...)
	}
	return n, links, nil
}

func loadEntry(d dir, name string, buf []byte) (*node, []string, error) {
	st, err := d.stat(name)
	if err != nil {
		return nil, nil, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		target, err := d.readlink(name)
		return &node{kind: inroot.Link, target: target}, []string{d.join(name)}, err
	case unix.S_IFDIR:
		sub, err := d.open(name)
		if err != nil {
			return nil, nil, err
		}
		defer sub.close()
		return loadDirectory(sub, buf)
	}
	return &node{kind: inroot.Other}, nil, nil
}
