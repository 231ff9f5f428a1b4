// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// link notes a link that an entry makes, in the place of a directory.
func (o *oracle) link(at, target string) {
	o.file(at)
	o.declared[at] = &Node{Kind: Link, Data: target}
}

// file notes a file that an entry makes, in the place of a directory that others made
// something in.
func (o *oracle) file(at string) {
	maps.DeleteFunc(o.declared, func(p string, _ *Node) bool { return strings.HasPrefix(p, at+"/") })
}

// ships puts what a command made where the base's links lead, and those that entries
// declared.
func (o *oracle) ships(s *Ships) error {
	in := o.base
	if s.OnLayers {
		in = o.image
	}
	tree, err := s.tree(in)
	if err != nil {
		return err
	}
	on := o.root
	if o.scratch && o.ground != nil {
		on = o.ground
	}
	skeleton := o.skeleton(on)
	if dangles(tree, skeleton, "/") {
		return ErrMeets
	}
	mounts := map[string]*Node{"/in": tree, "/skeleton": skeleton}
	if err := placeTree([]string{"/in", "/out"}, mounts); err != nil {
		return ErrRefused
	}
	root := o.root
	if o.ran {
		root = nil
	}
	if o.image.hides(mounts["/out"], root) || o.replacesWay(mounts["/out"]) {
		return ErrMeets
	}
	o.image.Over(mounts["/out"])
	if o.ground == nil {
		o.ground = o.root.Clone()
	}
	o.ground.Over(mounts["/out"])
	return nil
}

// replacesWay reports whether a tree has something else than a link on whose way entries were
// put after a command had shipped something.
func (o *oracle) replacesWay(tree *Node) bool {
	for p, after := range o.followed {
		if !after {
			continue
		}
		was, is := o.image.At(p), tree.At(p)
		if is != nil && was != nil && (is.Kind != Link || is.Data != was.Data) {
			return true
		}
	}
	return false
}

// skeleton is what a step respects of an image, with the links and directories that
// entries declared.
func (o *oracle) skeleton(on *Node) *Node {
	skeleton := on.skeleton(on, "/")
	at := slices.Sorted(maps.Keys(o.declared))
	for _, kind := range []Kind{Link, Dir} {
		for _, p := range at {
			switch real, ok := skeleton.Real(p); {
			case o.declared[p].Kind != kind || !ok:
			case kind == Dir:
				skeleton.Dirs(real)
			default:
				skeleton.PutReal(p, o.declared[p].Clone())
			}
		}
	}
	for _, p := range at {
		if real, ok := skeleton.Real(p); ok && skeleton.At(real) == nil {
			skeleton.Dirs(real)
		}
	}
	return skeleton
}

// shippedLink is a link that a command put where the root has nothing.
func (o *oracle) shippedLink(p string) *Node {
	if o.ground == nil || o.ran {
		return nil
	}
	below := o.root.At(p)
	if n := o.ground.At(p); n != nil && n.Kind == Link && (below == nil || below.Kind == File) {
		return n
	}
	return nil
}

// crossesShipped reports whether a directory is put where a command put a link, or below
// what a command put where an entry did: a step goes through it, and a layer that needs
// none doesn't know it.
func (o *oracle) crossesShipped(dir string) bool {
	if n := o.declared[dir]; n != nil {
		return n.Kind == Link && o.ground != nil
	}
	return o.shippedLink(dir) != nil
}

// dangles reports whether a tree has a directory where a link leads to none.
func dangles(tree, skeleton *Node, at string) bool {
	for name, kid := range tree.Kids {
		p := path.Join(at, name)
		if kid.Kind != Dir {
			continue
		}
		if n := skeleton.At(p); n != nil && n.Kind == Link {
			real, ok := skeleton.Real(p)
			if end := skeleton.At(real); !ok || end == nil || end.Kind != Dir {
				return true
			}
			p = real
		}
		if dangles(kid, skeleton, p) {
			return true
		}
	}
	return false
}

// leads reports whether a link is in the image as it is known, and leads to a directory.
func (o *oracle) leads(at string, link *Node) bool {
	trees := []*Node{o.image}
	if o.declared[at] != link {
		trees = append(trees, o.ground)
	}
	for _, tree := range trees {
		there := tree.At(at)
		if there == nil || there.Kind != Link || there.Data != link.Data {
			return false
		}
		real, ok := tree.Real(at)
		if end := tree.At(real); !ok || end == nil || end.Kind != Dir {
			return false
		}
	}
	return true
}
