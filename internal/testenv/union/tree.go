// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package union says what layers of files, put on top of each other, must give. It
// makes build files by chance, works out their image without BuildKit, and runs LLB on
// trees in memory as BuildKit does, so that many more graphs can be held to that than a
// daemon could build.
package union

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Kind is what a node is.
type Kind byte

// The kinds.
const (
	Dir  Kind = 'd'
	File Kind = 'f'
	Link Kind = 'l'
)

// Node is a file, a link or a directory.
type Node struct {
	Kind Kind
	// Data is a file's content, or where a link leads.
	Data string
	// Mode is the permission bits.
	Mode     uint32
	UID, GID int
	// Kids are what is in a directory.
	Kids map[string]*Node
}

// NewDir is an empty directory, 0755 and root's.
func NewDir() *Node { return &Node{Kind: Dir, Mode: 0o755, Kids: map[string]*Node{}} }

// Clone is a copy of a tree.
func (n *Node) Clone() *Node {
	c := *n
	if n.Kind == Dir {
		c.Kids = make(map[string]*Node, len(n.Kids))
		for name, kid := range n.Kids {
			c.Kids[name] = kid.Clone()
		}
	}
	return &c
}

// parts are the components of a path.
func parts(p string) []string {
	return strings.FieldsFunc(p, func(c rune) bool { return c == '/' })
}

// At is what is at a path, whose links are not followed; nil where there is nothing.
func (n *Node) At(p string) *Node {
	for _, name := range parts(p) {
		if n == nil || n.Kind != Dir {
			return nil
		}
		n = n.Kids[name]
	}
	return n
}

// Real follows all links of a path, the last component's as well, and never leaves the
// root. What isn't there stays as it is. ok is false for links in a circle.
func (n *Node) Real(p string) (real string, ok bool) {
	todo := parts(p)
	at := "/"
	for links := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		switch name {
		case ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, name)
		kid := n.At(next)
		if kid == nil || kid.Kind != Link {
			at = next
			continue
		}
		if links++; links > 40 {
			return "", false
		}
		todo = append(parts(kid.Data), todo...)
		if path.IsAbs(kid.Data) {
			at = "/"
		}
	}
	return at, true
}

// Dirs makes the directories of a path, in the place of what isn't one.
func (n *Node) Dirs(p string) *Node {
	for _, name := range parts(p) {
		kid := n.Kids[name]
		if kid == nil || kid.Kind != Dir {
			kid = NewDir()
			n.Kids[name] = kid
		}
		n = kid
	}
	return n
}

// Put puts a node in the place of what is there, with directories above it.
func (n *Node) Put(p string, node *Node) { n.Dirs(path.Dir(p)).Kids[path.Base(p)] = node }

// PutReal is Put where the links of the path above lead; links in a circle are left alone.
func (n *Node) PutReal(p string, node *Node) {
	if dir, ok := n.Real(path.Dir(p)); ok {
		n.Put(path.Join(dir, path.Base(p)), node)
	}
}

// Remove removes what is at a path, whose links are not followed.
func (n *Node) Remove(p string) {
	if dir := n.At(path.Dir(p)); dir != nil && dir.Kind == Dir {
		delete(dir.Kids, path.Base(p))
	}
}

// Over puts another tree over this one, as layers lie on each other: directories are
// joined and get the other's attributes, and all else is replaced.
func (n *Node) Over(other *Node) {
	for name, kid := range other.Kids {
		mine := n.Kids[name]
		if mine == nil || mine.Kind != Dir || kid.Kind != Dir {
			n.Kids[name] = kid.Clone()
			continue
		}
		mine.Mode, mine.UID, mine.GID = kid.Mode, kid.UID, kid.GID
		mine.Over(kid)
	}
}

// hides reports whether another tree has something else than a directory where this one
// has a directory, but for those that a root has as well, which may be nil.
func (n *Node) hides(other, root *Node) bool {
	for name, kid := range other.Kids {
		mine := n.Kids[name]
		if mine == nil || mine.Kind != Dir {
			continue
		}
		var below *Node
		if root != nil {
			below = root.Kids[name]
		}
		if kid.Kind != Dir && (below == nil || below.Kind != Dir) || kid.Kind == Dir && mine.hides(kid, below) {
			return true
		}
	}
	return false
}

// Text lists a tree, one line a node, without the directories that BuildKit mounts
// over. With attributes it has modes and owners.
func (n *Node) Text(attributes bool) string {
	var b strings.Builder
	n.write(&b, "/", attributes)
	return b.String()
}

func (n *Node) write(b *strings.Builder, at string, attributes bool) {
	for _, name := range slices.Sorted(maps.Keys(n.Kids)) {
		p := path.Join(at, name)
		if p == "/dev" || p == "/proc" || p == "/sys" {
			continue
		}
		kid := n.Kids[name]
		fmt.Fprintf(b, "%c %s", kid.Kind, p)
		if kid.Kind != Dir {
			fmt.Fprintf(b, " %q", kid.Data)
		}
		if attributes {
			fmt.Fprintf(b, " %04o %d:%d", kid.Mode, kid.UID, kid.GID)
		}
		b.WriteByte('\n')
		kid.write(b, p, attributes)
	}
}
