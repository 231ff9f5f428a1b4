// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"archive/tar"
	"cmp"
	"slices"
	"strings"
)

// node is a place in the tree of files. gone collects what was there.
type node struct {
	children map[string]*node
	file     bool
	layer    int
	size     int64
	gone     []version
}

// version is a file that a later layer took away.
type version struct {
	layer int
	size  int64
}

// apply adds the entries of a layer. What it deletes is of the layers below, in
// whatever order its entries come.
func (n *node) apply(layer int, entries []entry) {
	for _, e := range entries {
		switch e.kind {
		case 'w':
			if at := n.find(e.path); at != nil {
				at.take(layer)
			}
		case 'o':
			if at := n.find(e.path); at != nil {
				for _, child := range at.children {
					child.take(layer)
				}
			}
		}
	}
	for _, e := range entries {
		switch e.kind {
		case 'w', 'o':
		case tar.TypeDir:
			n.make(e.path).becomeDirectory()
		default:
			at := n.make(e.path)
			at.take(layer + 1)
			at.file, at.layer, at.size = true, layer, e.size
		}
	}
}

// becomeDirectory removes a file, and keeps what is in a directory.
func (n *node) becomeDirectory() {
	if n.file {
		n.gone = append(n.gone, version{n.layer, n.size})
		n.file = false
	}
}

// take removes what is there from layers below the one that is given.
func (n *node) take(below int) {
	if n.file && n.layer < below {
		n.gone = append(n.gone, version{n.layer, n.size})
		n.file = false
	}
	for _, child := range n.children {
		child.take(below)
	}
}

// find is the node at a path, or nil.
func (n *node) find(path string) *node {
	if path == "." || path == "" {
		return n
	}
	for name := range strings.SplitSeq(path, "/") {
		if n = n.children[name]; n == nil {
			return nil
		}
	}
	return n
}

// make is the node at a path, made if need be. What is on the way is a directory.
func (n *node) make(path string) *node {
	for name := range strings.SplitSeq(path, "/") {
		n.becomeDirectory()
		child := n.children[name]
		if child == nil {
			if n.children == nil {
				n.children = map[string]*node{}
			}
			child = &node{}
			n.children[name] = child
		}
		n = child
	}
	return n
}

// files lists all files of all layers, by path and then by layer.
func (n *node) files() []File {
	var out []File
	n.collect("", &out)
	slices.SortFunc(out, func(a, b File) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer))
	})
	return out
}

func (n *node) collect(path string, out *[]File) {
	if n.file {
		*out = append(*out, File{Path: path, Layer: n.layer, Size: n.size})
	}
	for _, v := range n.gone {
		*out = append(*out, File{Path: path, Layer: v.layer, Size: v.size, Gone: true})
	}
	for name, child := range n.children {
		child.collect(strings.TrimPrefix(path+"/"+name, "/"), out)
	}
}
