// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"archive/tar"
	"cmp"
	"path"
	"slices"
	"strings"
)

// tree is the files of all layers.
type tree struct {
	root node
	// gone are the files that later layers took away, or the same one replaced.
	gone []File
}

// node is a place in the tree.
type node struct {
	children map[string]*node
	file     bool
	layer    int
	size     int64
}

// apply adds the entries of a layer. What it deletes is of the layers below, in
// whatever order its entries come.
func (t *tree) apply(layer int, entries []entry) {
	for _, e := range entries {
		switch e.kind {
		case 'w':
			t.remove(e.path)
		case 'o':
			if at := t.find(e.path); at != nil {
				t.empty(at, e.path)
			}
		}
	}
	for _, e := range entries {
		switch e.kind {
		case 'w', 'o':
		case tar.TypeDir:
			t.replace(t.make(e.path), e.path)
		default:
			at := t.make(e.path)
			t.replace(at, e.path)
			t.empty(at, e.path)
			at.file, at.layer, at.size = true, layer, e.size
		}
	}
}

// remove takes away what is at a path.
func (t *tree) remove(name string) {
	parent := t.find(path.Dir(name))
	if parent == nil {
		return
	}
	if at := parent.children[path.Base(name)]; at != nil {
		t.replace(at, name)
		t.empty(at, name)
		delete(parent.children, path.Base(name))
	}
}

// replace takes away a file, and keeps what is in a directory.
func (t *tree) replace(n *node, name string) {
	if n.file {
		t.gone = append(t.gone, File{Path: name, Layer: n.layer, Size: n.size, Gone: true})
		n.file = false
	}
}

// empty takes away what is in a directory. It isn't met again, however often a layer
// deletes it.
func (t *tree) empty(n *node, dir string) {
	for base, child := range n.children {
		name := below(dir, base)
		t.replace(child, name)
		t.empty(child, name)
	}
	n.children = nil
}

// below is the path of a name in a directory.
func below(dir, name string) string {
	if dir == "" || dir == "." {
		return name
	}
	return dir + "/" + name
}

// find is the node at a path, or nil.
func (t *tree) find(name string) *node {
	n := &t.root
	if name == "." || name == "" {
		return n
	}
	for part := range strings.SplitSeq(name, "/") {
		if n = n.children[part]; n == nil {
			return nil
		}
	}
	return n
}

// make is the node at a path, made if need be. What is on the way is a directory.
func (t *tree) make(name string) *node {
	n, at := &t.root, 0
	for part := range strings.SplitSeq(name, "/") {
		t.replace(n, name[:max(0, at-1)])
		child := n.children[part]
		if child == nil {
			if n.children == nil {
				n.children = map[string]*node{}
			}
			child = &node{}
			n.children[part] = child
		}
		n, at = child, at+len(part)+1
	}
	return n
}

// files lists all files of all layers, by path and then by layer.
func (t *tree) files() []File {
	out := slices.Clone(t.gone)
	t.root.collect("", &out)
	slices.SortFunc(out, func(a, b File) int {
		// One layer may have a path several times.
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Size, b.Size))
	})
	return out
}

func (n *node) collect(dir string, out *[]File) {
	if n.file {
		*out = append(*out, File{Path: dir, Layer: n.layer, Size: n.size})
	}
	for name, child := range n.children {
		child.collect(below(dir, name), out)
	}
}
