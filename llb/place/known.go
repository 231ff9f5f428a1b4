// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"maps"
	"strings"
)

// laid is what files layers put on an image, as far as it is known by name. With it an
// image that has another target as its base is looked into without that being built.
type laid struct {
	// made are directories, links and files.
	made map[string]laidNode
	// hidden are paths where a source is, with whatever is in it.
	hidden map[string]bool
	// anything says that there may be anything anywhere.
	anything bool
}

// laidNode is a directory, a link or a file.
type laidNode struct {
	node
	file bool
}

func newLaid() *laid { return &laid{made: map[string]laidNode{}, hidden: map[string]bool{}} }

// add notes the groups of a layer, in their order.
func (l *laid) add(gs groups) {
	for _, g := range gs {
		for dir, made := range g.dirs {
			l.put(dir, laidNode{node: node{mode: made.mode, uid: made.uid, gid: made.gid}})
		}
		for _, p := range g.placed {
			switch {
			case p.Symlink != "":
				l.put(p.at, laidNode{node: node{link: p.Symlink}})
			case p.isSingle():
				l.put(p.at, laidNode{file: true})
			default:
				_, made := g.dirs[p.at]
				l.hide(p.at, made)
			}
		}
	}
}

// put notes a file, link or directory. Where no directory is left, nothing is below it.
func (l *laid) put(at string, n laidNode) {
	if n.file || !n.isDir() {
		l.forget(at)
	}
	l.made[at] = n
}

// hide notes a source, whose files may take the place of what was there. made says that
// the layer makes the directory that it goes into.
func (l *laid) hide(at string, made bool) {
	l.forget(at)
	if !made {
		delete(l.made, at)
	}
	l.hidden[at] = true
}

// forget drops what is known below a directory.
func (l *laid) forget(at string) {
	if n, ok := l.made[at]; at != "/" && (!ok || n.file || !n.isDir()) {
		return
	}
	above := strings.TrimSuffix(at, "/") + "/"
	maps.DeleteFunc(l.made, func(p string, _ laidNode) bool { return strings.HasPrefix(p, above) })
}

// isHidden reports whether only a look tells what is at a path.
func (l *laid) isHidden(p string) bool {
	if l.anything || l.hidden[p] || l.hidden["/"] {
		return true
	}
	for _, dir := range ancestors(p) {
		if l.hidden[dir] {
			return true
		}
	}
	return false
}

// onTarget is an image whose base is another target: what that has of its own is known,
// and the rest is looked up in the target's base, or where a source hides it in the
// target itself.
type onTarget struct {
	laid   *laid
	below  nodes
	target *probe
}

func (o onTarget) lookup(ctx context.Context, p string) (node, bool, error) {
	if n, ok := o.laid.made[p]; ok {
		return n.node, !n.file, nil
	}
	if o.laid.isHidden(p) {
		return o.target.lookup(ctx, p)
	}
	for _, dir := range ancestors(p) {
		if n, ok := o.laid.made[dir]; ok && (n.file || !n.isDir()) {
			return node{}, false, nil // nothing is below it
		}
	}
	return o.below.lookup(ctx, p)
}

func (o onTarget) expect(ctx context.Context, paths ...string) error {
	var hidden, others []string
	for _, p := range paths {
		for _, at := range append(ancestors(p), p) {
			if _, ok := o.laid.made[at]; ok {
				continue
			}
			if o.laid.isHidden(at) {
				hidden = append(hidden, at)
			} else {
				others = append(others, at)
			}
		}
	}
	if len(hidden) > 0 {
		if err := o.target.expect(ctx, hidden...); err != nil {
			return err
		}
	}
	if len(others) == 0 {
		return nil
	}
	return o.below.expect(ctx, others...)
}
