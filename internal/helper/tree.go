// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/inroot"
)

// A node is a directory, or with a target a link, of a tree held in memory:
// a skeleton, or the directories of a layer being made.
type node struct {
	kind     inroot.Kind
	target   string
	attrs    attrs
	children map[string]*node
}

func newDirectory(a attrs) *node { return &node{kind: inroot.Directory, attrs: a} }

func (n *node) add(name string, child *node) {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = child
}

// child is the entry called name, or nil.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	return n.children[name]
}

// at is the node at an image path, or nil. It follows no link.
func (n *node) at(p string) *node {
	for _, name := range components(p) {
		n = n.child(name)
	}
	return n
}

// look makes the tree an inroot.Lookup.
func (n *node) look(p, _ string) (inroot.Kind, string, error) {
	if found := n.at(p); found != nil {
		return found.kind, found.target, nil
	}
	return inroot.Absent, "", nil
}

// finish gives the directories of the tree, all of which are below d, their
// attributes and times. It has to come after everything in them is made.
func (n *node) finish(d dir) error {
	for name, child := range n.children {
		if child.kind != inroot.Directory {
			continue
		}
		sub, err := d.open(name)
		if err != nil {
			return err
		}
		err = child.finish(sub)
		sub.close()
		if err != nil {
			return err
		}
	}
	if err := unix.UtimesNanoAt(d.fd, ".", make([]unix.Timespec, 2), 0); err != nil {
		return fmt.Errorf("set times of %s: %w", show(d.path), err)
	}
	if err := n.attrs.apply(d.fd); err != nil {
		return fmt.Errorf("finish directory %s: %w", show(d.path), err)
	}
	return nil
}
