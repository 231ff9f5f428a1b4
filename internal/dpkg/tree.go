// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dpkg

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A tree is the layer that packages are unpacked into. It knows everything that
// was made in it, so that nothing is ever written through a link, and which
// package made it, so that packages unpacked side by side give the same tree as
// one after the other: the later one in the list has a file, the earlier one
// decides about a folder.
type tree struct {
	fd int

	mu        sync.Mutex
	nodes     map[string]*node
	conflicts []Conflict
}

// A node is a path of the tree.
type node struct {
	folder bool
	link   bool
	// by is the place of the package in the list.
	by       int
	pkg      string
	mode     uint32
	uid, gid int
	// implied says that no package has the folder itself so far.
	implied bool
}

// openTree opens an empty folder that becomes a layer.
func openTree(dir string) (*tree, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	root := &node{folder: true, implied: true, mode: 0o755}
	return &tree{fd: fd, nodes: map[string]*node{"/": root}}, nil
}

func (t *tree) close() { _ = unix.Close(t.fd) }

// errElsewhere says that a path is another package's, and is left to it.
var errElsewhere = errors.New("another package has it")

// folder makes a folder, or notes that a package has it, too.
func (t *tree) folder(p string, n *node) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.nodes[p]
	switch {
	case old == nil:
		return t.make(p, n)
	case !old.folder:
		return t.clash(p, old, n)
	case old.implied && !n.implied || n.by < old.by && !n.implied:
		*old = *n
	}
	return nil
}

// make makes a folder and those above it. The lock is held.
func (t *tree) make(p string, n *node) error {
	if err := t.above(p, n); err != nil {
		return err
	}
	if err := unix.Mkdirat(t.fd, p[1:], 0o755); err != nil {
		return fmt.Errorf("make folder %s: %w", p, err)
	}
	t.nodes[p] = n
	return nil
}

// above makes sure that the path is in a folder of the tree, and not in
// something that a link leads to.
func (t *tree) above(p string, n *node) error {
	dir := path.Dir(p)
	switch in := t.nodes[dir]; {
	case in == nil:
		return t.make(dir, &node{folder: true, implied: true, mode: 0o755, by: n.by, pkg: n.pkg})
	case in.folder:
		return nil
	case in.by != n.by:
		return t.clash(dir, in, n)
	case in.link:
		return fmt.Errorf("write %s: the package itself has %s as a link; that would lead out of its place", p, dir)
	default:
		return fmt.Errorf("write %s: the package itself has %s as a file", p, dir)
	}
}

// clash notes that two packages have a path as different things.
func (t *tree) clash(p string, old, n *node) error {
	if old.by == n.by {
		return fmt.Errorf("write %s: the package has it twice", p)
	}
	t.note(p, old, n)
	return errElsewhere
}

func (t *tree) note(p string, old, n *node) {
	first, second := old, n
	if n.by < old.by {
		first, second = n, old
	}
	t.conflicts = append(t.conflicts, Conflict{Path: p, Packages: [2]string{first.pkg, second.pkg}})
}

// leaf makes something that isn't a folder by calling create with the path from
// the tree's descriptor.
func (t *tree) leaf(p string, n *node, create func(at string) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.above(p, n); err != nil {
		return err
	}
	if old := t.nodes[p]; old != nil {
		if old.folder || old.by == n.by {
			return t.clash(p, old, n)
		}
		t.note(p, old, n)
		if old.by > n.by {
			return errElsewhere
		}
		if err := unix.Unlinkat(t.fd, p[1:], 0); err != nil {
			return fmt.Errorf("replace %s: %w", p, err)
		}
	}
	if err := create(p[1:]); err != nil {
		return err
	}
	t.nodes[p] = n
	return nil
}

// owns tells whether a path is a file of that package.
func (t *tree) owns(p string, by int) bool {
	n := t.nodes[p]
	return n != nil && !n.folder && !n.link && n.by == by
}

// finish gives the folders their attributes, and the time 1970-01-01, from the
// deepest up.
func (t *tree) finish() ([]Conflict, error) {
	var folders []string
	for p, n := range t.nodes {
		if n.folder {
			folders = append(folders, p)
		}
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(b, a) })
	for _, p := range folders {
		n, at := t.nodes[p], p[1:]
		if p == "/" {
			at = "."
		}
		if err := setAttributes(t.fd, at, n.mode, n.uid, n.gid, unix.Timespec{}); err != nil {
			return nil, fmt.Errorf("finish folder %s: %w", p, err)
		}
	}
	slices.SortFunc(t.conflicts, func(a, b Conflict) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), slices.Compare(a.Packages[:], b.Packages[:]))
	})
	return slices.Compact(t.conflicts), nil
}

// setAttributes gives what is at a path its mode, owner and time. Links have no
// mode of their own.
func setAttributes(fd int, at string, mode uint32, uid, gid int, mtime unix.Timespec) error {
	if uid != 0 || gid != 0 {
		if err := unix.Fchownat(fd, at, uid, gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("set owner %d:%d: %w", uid, gid, err)
		}
	}
	if err := unix.Fchmodat(fd, at, mode, 0); err != nil {
		return fmt.Errorf("set mode %04o: %w", mode, err)
	}
	return setTime(fd, at, mtime)
}

func setTime(fd int, at string, mtime unix.Timespec) error {
	if err := unix.UtimesNanoAt(fd, at, []unix.Timespec{mtime, mtime}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	return nil
}

// stampTree gives everything in a folder the time 1970-01-01.
func stampTree(dir string) error {
	return filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return setTime(unix.AT_FDCWD, p, unix.Timespec{})
	})
}
