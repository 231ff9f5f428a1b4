// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"path"
)

// raw puts an entry on what a command left: a step places a tree that holds it alone.
func (o *oracle) raw(e Entry, dest string, into bool) error {
	tree, src := NewDir(), o.from(e)
	before := o.skeleton(o.root)
	switch {
	case e.Content != "":
		tree.Put(dest, &Node{Kind: File, Data: e.Content})
		o.file(dest)
	case e.Symlink != "":
		tree.Put(dest, &Node{Kind: Link, Data: e.Symlink})
		o.link(dest, e.Symlink)
	case e.Source == "":
		if dest == "/" {
			return ErrRefused
		}
		if n := o.declared[dest]; n != nil && n.Kind == Link {
			return ErrMeets
		}
		tree.Dirs(dest)
		o.declared[dest] = NewDir()
	case src == nil:
		return ErrRefused
	case src.Kind == Dir && dest == "/":
		tree = src
	case src.Kind == Dir:
		tree.Put(dest, src)
	case into || dest == "/":
		tree.Put(path.Join(dest, path.Base(e.Source)), src)
	default:
		tree.Put(dest, src)
	}
	if dangles(tree, before, "/") {
		return ErrMeets
	}
	way := path.Dir(dest)
	if into || src != nil && src.Kind == Dir {
		way = dest
	}
	skeleton, err := o.skeletonBehind(way, tree)
	if err != nil {
		return err
	}
	return o.place(tree, skeleton)
}

// skeletonBehind is the skeleton for a tree whose place is behind a path: what commands shipped
// counts on the way there.
func (o *oracle) skeletonBehind(way string, tree *Node) (*Node, error) {
	skeleton := o.skeleton(o.root)
	if o.ground == nil {
		return skeleton, nil
	}
	ground := o.skeleton(o.ground)
	was, _ := skeleton.Real(way)
	if is, _ := ground.Real(way); is != was {
		return ground, nil
	}
	var placed [2]*Node
	for i, on := range []*Node{skeleton, ground} {
		mounts := map[string]*Node{"/in": tree, "/skeleton": on}
		if err := placeTree([]string{"/in", "/out"}, mounts); err == nil {
			placed[i] = mounts["/out"]
		}
	}
	if placed[0] == nil || placed[1] == nil || placed[0].Text(true) != placed[1].Text(true) {
		return nil, ErrMeets
	}
	return skeleton, nil
}

// place puts a tree where the links of a skeleton lead.
func (o *oracle) place(tree, skeleton *Node) error {
	if dangles(tree, skeleton, "/") {
		return ErrMeets
	}
	mounts := map[string]*Node{"/in": tree, "/skeleton": skeleton}
	if err := placeTree([]string{"/in", "/out"}, mounts); err != nil {
		return ErrRefused
	}
	if o.image.hides(mounts["/out"], nil) {
		return ErrMeets
	}
	o.image.Over(mounts["/out"])
	return nil
}
