// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"errors"
	"path"

	"github.com/strata-build/strata/internal/inroot"
	"github.com/strata-build/strata/llb/plan"
)

// node is what an image has at a path, as far as a layer on top must respect it.
type node struct {
	// link is where a symbolic link points; empty for a directory.
	link string
	// mode is the permission bits with setuid, setgid and sticky.
	mode     uint32
	uid, gid int
	// named says that the owner has a name that isn't looked up yet, and weak that a
	// step doesn't count the node: the image's own directory does, or nothing made it yet.
	named, weak bool
	// unsure says that a command may have shipped a link there, which a step goes through.
	unsure bool
}

// isDir reports whether the node is a directory.
func (n node) isDir() bool { return n.link == "" }

// nodes are those of an image.
type nodes interface {
	// lookup returns what is at a path; ok is false where there is neither a
	// directory nor a link.
	lookup(ctx context.Context, p string) (n node, ok bool, err error)
	// expect says which paths will be looked up, so that they can be asked for at
	// once.
	expect(ctx context.Context, paths ...string) error
}

// resolveDir follows the links of a directory's path inside an image and returns
// the path without links. Components that the image doesn't have stay as they
// are.
func resolveDir(ctx context.Context, t nodes, dir string) (string, error) {
	look := func(at, rest string) (inroot.Kind, string, error) {
		n, ok, err := t.lookup(ctx, at)
		switch {
		case err != nil || !ok:
			return inroot.Absent, "", err
		case n.isDir():
			return inroot.Directory, "", nil
		}
		next := path.Join(n.link, rest)
		if !path.IsAbs(n.link) {
			next = path.Join(path.Dir(at), next)
		}
		return inroot.Link, n.link, t.expect(ctx, next)
	}
	real, _, err := inroot.Follow(look, dir)
	if errors.Is(err, inroot.ErrLoop) {
		return "", plan.Mistakef("follow %s: %w", dir, err)
	}
	return real, err
}

// ancestors returns the directories above p, the root left out, the shortest
// first.
func ancestors(p string) []string {
	var out []string
	for i, c := range p {
		if c == '/' && i > 0 {
			out = append(out, p[:i])
		}
	}
	return out
}

// overlay is a tree with what earlier layers are known to have put on it.
type overlay struct {
	below    nodes
	declared map[string]node
}

func (o overlay) lookup(ctx context.Context, p string) (node, bool, error) {
	if n, ok := o.declared[p]; ok {
		return n, true, nil
	}
	return o.below.lookup(ctx, p)
}

func (o overlay) expect(ctx context.Context, paths ...string) error {
	return o.below.expect(ctx, paths...)
}

// emptyTree is the tree of scratch.
type emptyTree struct{}

func (emptyTree) lookup(context.Context, string) (node, bool, error) { return node{}, false, nil }

func (emptyTree) expect(context.Context, ...string) error { return nil }
