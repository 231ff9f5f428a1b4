// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"errors"
	"path"
	"strings"
)

// maxLinks is how many symbolic links one path may go through; the kernel's
// limit.
const maxLinks = 40

// errLinkLoop says that a path goes through too many symbolic links.
var errLinkLoop = errors.New("too many levels of symbolic links")

// node is what a base has at a path, as far as a layer on top must respect it.
type node struct {
	// link is where a symbolic link points; empty for a directory.
	link string
	// mode is the permission bits with setuid, setgid and sticky.
	mode     uint32
	uid, gid int
}

// tree looks nodes up.
type tree interface {
	// lookup returns what is at a path; ok is false where there is neither a
	// directory nor a link.
	lookup(p string) (n node, ok bool, err error)
	// expect says which paths will be looked up, so that they can be asked for at
	// once.
	expect(paths ...string) error
}

// resolveDir follows the links of a directory's path inside a base and returns
// the path without links. Components that the base doesn't have stay as they
// are; ".." stops at the root, so the result never leaves it.
func resolveDir(t tree, dir string) (string, error) {
	rest := components(dir)
	at := "/"
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, name)
		n, ok, err := t.lookup(next)
		if err != nil {
			return "", err
		}
		if !ok || n.link == "" {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", mistakef("follow %s: %w", dir, errLinkLoop)
		}
		if path.IsAbs(n.link) {
			at = "/"
		}
		rest = append(components(n.link), rest...)
		if err := t.expect(path.Join(at, path.Join(rest...))); err != nil {
			return "", err
		}
	}
	return at, nil
}

// components splits a path; empty and "." components are left out.
func components(p string) []string {
	var out []string
	for name := range strings.SplitSeq(p, "/") {
		if name != "" && name != "." {
			out = append(out, name)
		}
	}
	return out
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
	below    tree
	declared map[string]node
}

func (o overlay) lookup(p string) (node, bool, error) {
	if n, ok := o.declared[p]; ok {
		return n, true, nil
	}
	return o.below.lookup(p)
}

func (o overlay) expect(paths ...string) error { return o.below.expect(paths...) }

// emptyTree is the tree of scratch.
type emptyTree struct{}

func (emptyTree) lookup(string) (node, bool, error) { return node{}, false, nil }

func (emptyTree) expect(...string) error { return nil }
