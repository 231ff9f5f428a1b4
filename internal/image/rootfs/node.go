// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// node is a name in the tree.
type node struct {
	name     string
	parent   *node // nil for the root
	inode    *Inode
	children map[string]*node // of a folder
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

// put gives the folder a child, in the place of what had the name.
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

// maxLinks is how many symbolic links a path may lead through, as in Linux's
// own limit of 40 but wider, since what is resolved here is one path of many.
const maxLinks = 255

// errLinks says that links lead in a circle.
var errLinks = errors.New("too many symbolic links")

// lookup says how a path is followed.
type lookup struct {
	// hidden also finds what the layer at hand hides.
	hidden bool
	// blocked tells that a link is not to be followed; may be nil.
	blocked func(link *node) bool
}

// place is where a path leads: a folder, and the parts that are missing below
// it. The first of them may be a file.
type place struct {
	at      *node
	missing []string
}

// find follows a path and the links in it as a process would whose root is the
// node.
func (n *node) find(path string, how lookup) (place, error) {
	p := place{at: n}
	links := 0
	for rest := path; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch {
		case name == "" || name == ".":
			continue
		case name == "..":
			p.up()
			continue
		}
		link := p.down(name, how)
		if link == nil {
			continue
		}
		if links++; links > maxLinks {
			return place{}, fmt.Errorf("follow %s: %w", path, errLinks)
		}
		target := link.inode.Target
		if strings.HasPrefix(target, "/") {
			p.at = n
		}
		rest = target + "/" + rest
	}
	return p, nil
}

// up goes to the folder above, which for the root is the root.
func (p *place) up() {
	switch {
	case len(p.missing) > 0:
		p.missing = p.missing[:len(p.missing)-1]
	case p.at.parent != nil:
		p.at = p.at.parent
	}
}

// down goes to a child; a link that is to be followed is returned instead.
func (p *place) down(name string, how lookup) *node {
	var c *node
	if len(p.missing) == 0 {
		c = p.at.child(name)
		if c == nil && how.hidden {
			c = p.at.children[name]
		}
	}
	switch {
	case c == nil:
	case c.isDir():
		p.at = c
		return nil
	case c.inode.Kind == Symlink && (how.blocked == nil || !how.blocked(c)):
		return c
	}
	p.missing = append(p.missing, name)
	return nil
}

// folder makes what is missing, and gives the folder.
func (p place) folder() *node {
	at := p.at
	for _, name := range p.missing {
		at = at.put(name, missingFolder())
	}
	return at
}

// exists gives the folder if nothing is missing.
func (p place) exists() (*node, bool) { return p.at, len(p.missing) == 0 }
