// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/inroot"
)

// node is a name in the tree.
type node struct {
	name     string
	parent   *node // nil for the root
	inode    *Inode
	children map[string]*node // of a directory
	// length is that of the path with a slash in front, in bytes.
	length int
	// sorted are the children when the tree is done.
	sorted []*node
	// gone tells that the layer that is being applied hides it.
	gone bool
}

func (n *node) isDir() bool { return n.inode.Kind == Dir }

// child is the child of a name, nil if there is none.
func (n *node) child(name string) *node {
	if c := n.children[name]; c != nil && !c.gone {
		return c
	}
	return nil
}

// put gives the directory a child, in the place of what had the name.
func (n *node) put(name string, in *Inode) *node {
	c := &node{name: name, parent: n, inode: in, length: n.length + 1 + len(name)}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = c
	return c
}

// path is where the node is.
func (n *node) path() string {
	var parts []string
	for ; n.parent != nil; n = n.parent {
		parts = append(parts, n.name)
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}

// lookup says how a path is followed.
type lookup struct {
	// hidden also finds what the layer at hand hides.
	hidden bool
	// blocked reports whether a link is not to be followed; may be nil.
	blocked func(link *node) bool
}

// place is where a path leads: a directory, and the parts that are missing below
// it. The first of them may be a file.
type place struct {
	at      *node
	missing []string
}

// find follows a path and the links in it as a process would whose root is the
// node.
func (n *node) find(path string, how lookup) (place, error) {
	c := &cursor{place: place{at: n}, root: n, how: how}
	if _, err := inroot.Walk(c, path); err != nil {
		return place{}, fmt.Errorf("follow %s: %w", path, err)
	}
	return c.place, nil
}

// A cursor is the place that following a path has come to.
type cursor struct {
	place
	root *node
	how  lookup
}

// Top goes to the root.
func (c *cursor) Top() { c.at, c.missing = c.root, nil }

// Up goes to the directory above.
func (c *cursor) Up() {
	switch {
	case len(c.missing) > 0:
		c.missing = c.missing[:len(c.missing)-1]
	case c.at.parent != nil:
		c.at = c.at.parent
	}
}

// Down goes to a child. A file counts as missing: what is to be added below it
// replaces it.
func (c *cursor) Down(name, _ string) (inroot.Kind, string, error) {
	if len(c.missing) > 0 {
		c.missing = append(c.missing, name)
		return inroot.Absent, "", nil
	}
	child := c.at.child(name)
	if child == nil && c.how.hidden {
		child = c.at.children[name]
	}
	switch {
	case child == nil:
	case child.isDir():
		c.at = child
		return inroot.Directory, "", nil
	case child.inode.Kind == Symlink && (c.how.blocked == nil || !c.how.blocked(child)):
		return inroot.Link, child.inode.Target, nil
	}
	c.missing = append(c.missing, name)
	return inroot.Absent, "", nil
}

// directory makes what is missing, and gives the directory.
func (p place) directory() *node {
	at := p.at
	for _, name := range p.missing {
		at = at.put(name, missingDir())
	}
	return at
}

// exists gives the directory if nothing is missing.
func (p place) exists() (*node, bool) { return p.at, len(p.missing) == 0 }
