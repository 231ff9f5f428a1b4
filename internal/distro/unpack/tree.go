// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Tree is the layer that packages are unpacked into. It knows everything that
// was made in it, so that nothing is ever written through a link, and which
// package made it, so that packages unpacked side by side give the same tree as
// one after the other: the later one in the list has a file, the earlier one
// decides about a directory.
//
// Its files may be divided among several directories, which together are the layer.
type Tree struct {
	// parts are the descriptors of these directories.
	parts []int

	// Prefer reports whether a file that two packages have is the first one's, given by
	// their places in the list; nil gives it to the later one.
	Prefer func(first, second int) bool

	mu        sync.Mutex
	nodes     map[string]*Node
	conflicts []Conflict
	// implied counts the directories that no package had when they were made.
	implied int
}

// A Conflict is a path that two packages have.
type Conflict struct {
	Path     string    `json:"path"`
	Packages [2]string `json:"packages"`
}

// A Node is a path of the tree.
type Node struct {
	Directory bool
	Link      bool
	// By is the place of the package in the list, and Package its name.
	By       int
	Package  string
	Mode     uint32 // permissions
	UID, GID int
	// Part is the directory that a file is in, counted from 0.
	Part int
	// in are the directories that a directory is in, a bit each.
	in uint
	// implied says that no package has the directory itself so far.
	implied bool
}

// MaxParts is how many directories a tree may be divided among.
const MaxParts = 16

// Open opens empty directories that become a layer.
func Open(dirs ...string) (*Tree, error) {
	if len(dirs) > MaxParts {
		return nil, fmt.Errorf("open %d directories: a layer is divided among %d at most", len(dirs), MaxParts)
	}
	root := &Node{Directory: true, implied: true, Mode: 0o755, in: 1<<len(dirs) - 1}
	t := &Tree{nodes: map[string]*Node{"/": root}}
	for _, dir := range dirs {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Close()
			return nil, fmt.Errorf("open %s: %w", dir, err)
		}
		t.parts = append(t.parts, fd)
	}
	return t, nil
}

// Close lets go of the directories.
func (t *Tree) Close() {
	for _, fd := range t.parts {
		_ = unix.Close(fd)
	}
}

// Parts is how many directories the tree is divided among.
func (t *Tree) Parts() int { return len(t.parts) }

// ErrElsewhere says that a path is another package's, and is left to it.
var ErrElsewhere = errors.New("another package has it")

// AddDirectory makes a directory, or notes that a package has it, too.
func (t *Tree) AddDirectory(p string, n *Node) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.nodes[p]
	switch {
	case old == nil:
		return t.make(p, n)
	case !old.Directory:
		return t.clash(p, old, n)
	case old.implied && !n.implied || n.By < old.By && !n.implied:
		n.in = old.in
		*old = *n
	}
	return nil
}

// make makes a directory and those above it. The lock is held.
func (t *Tree) make(p string, n *Node) error {
	if err := t.above(p, n); err != nil {
		return err
	}
	if n.implied {
		if t.implied++; t.implied > maxEntries {
			return fmt.Errorf("make directory %s: the packages' files are in more than %d directories that no package has", p, maxEntries)
		}
	}
	n.in = 0
	t.nodes[p] = n
	return t.within(p, n, 0)
}

// within makes sure that a directory of the tree, and those above it, are in a part.
// The lock is held.
func (t *Tree) within(p string, n *Node, part int) error {
	if n.in&(1<<part) != 0 {
		return nil
	}
	dir := path.Dir(p)
	if err := t.within(dir, t.nodes[dir], part); err != nil {
		return err
	}
	if err := unix.Mkdirat(t.parts[part], p[1:], 0o755); err != nil {
		return fmt.Errorf("make directory %s: %w", p, err)
	}
	n.in |= 1 << part
	return nil
}

// above makes sure that the path is in a directory of the tree, and not in
// something that a link leads to.
func (t *Tree) above(p string, n *Node) error {
	dir := path.Dir(p)
	switch in := t.nodes[dir]; {
	case in == nil:
		return t.make(dir, &Node{Directory: true, implied: true, Mode: 0o755, By: n.By, Package: n.Package})
	case in.Directory:
		return nil
	case in.By != n.By:
		return t.clash(dir, in, n)
	case in.Link:
		return fmt.Errorf("write %s: the package itself has %s as a link; that would lead out of its place", p, dir)
	default:
		return fmt.Errorf("write %s: the package itself has %s as a file", p, dir)
	}
}

// clash notes that two packages have a path as different things.
func (t *Tree) clash(p string, old, n *Node) error {
	if old.By == n.By {
		return fmt.Errorf("write %s: the package has it twice", p)
	}
	t.note(p, old, n)
	return ErrElsewhere
}

func (t *Tree) note(p string, old, n *Node) {
	first, second := old, n
	if n.By < old.By {
		first, second = n, old
	}
	t.conflicts = append(t.conflicts, Conflict{Path: p, Packages: [2]string{first.Package, second.Package}})
}

// Leaf makes something that isn't a directory by calling create with the descriptor of
// the node's part and the path from there.
func (t *Tree) Leaf(p string, n *Node, create func(fd int, at string) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.above(p, n); err != nil {
		return err
	}
	if old := t.nodes[p]; old != nil {
		if old.Directory || old.By == n.By {
			return t.clash(p, old, n)
		}
		t.note(p, old, n)
		if t.prefers(old.By, n.By) {
			return ErrElsewhere
		}
		if err := unix.Unlinkat(t.parts[old.Part], p[1:], 0); err != nil {
			return fmt.Errorf("replace %s: %w", p, err)
		}
	}
	dir := path.Dir(p)
	if err := t.within(dir, t.nodes[dir], n.Part); err != nil {
		return err
	}
	if err := create(t.parts[n.Part], p[1:]); err != nil {
		return err
	}
	t.nodes[p] = n
	return nil
}

// prefers reports whether a file stays that of a package when another one has it, too.
func (t *Tree) prefers(has, other int) bool {
	switch {
	case t.Prefer == nil:
		return has > other
	case has < other:
		return t.Prefer(has, other)
	}
	return !t.Prefer(other, has)
}

// Owns reports whether a path is a file of that package.
func (t *Tree) Owns(p string, by int) bool {
	n := t.nodes[p]
	return n != nil && !n.Directory && !n.Link && n.By == by
}

// Finish gives the directories their attributes, and the time 1970-01-01, from the
// deepest up.
func (t *Tree) Finish() ([]Conflict, error) {
	var dirs []string
	needed := map[string]uint{}
	for p, n := range t.nodes {
		if n.Directory {
			dirs = append(dirs, p)
			continue
		}
		for dir := path.Dir(p); needed[dir]&(1<<n.Part) == 0; dir = path.Dir(dir) {
			needed[dir] |= 1 << n.Part
		}
	}
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(b, a) })
	for _, p := range dirs {
		if err := t.finish(p, t.nodes[p], needed[p]); err != nil {
			return nil, fmt.Errorf("finish directory %s: %w", p, err)
		}
	}
	slices.SortFunc(t.conflicts, func(a, b Conflict) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), slices.Compare(a.Packages[:], b.Packages[:]))
	})
	return slices.Compact(t.conflicts), nil
}

// finish finishes a directory in all parts. It is taken out of those that don't need it:
// what it was made for there has given way to another package's file.
func (t *Tree) finish(p string, n *Node, needed uint) error {
	at := p[1:]
	if p == "/" {
		at = "."
	}
	for part, fd := range t.parts {
		var err error
		switch {
		case n.in&(1<<part) == 0:
		case part > 0 && p != "/" && needed&(1<<part) == 0:
			err = unix.Unlinkat(fd, at, unix.AT_REMOVEDIR)
		default:
			err = SetAttributes(fd, at, n.Mode, n.UID, n.GID, unix.Timespec{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SetAttributes gives what is at a path its mode, owner and time. Links have no
// mode of their own.
func SetAttributes(fd int, at string, mode uint32, uid, gid int, mtime unix.Timespec) error {
	if uid != 0 || gid != 0 {
		if err := unix.Fchownat(fd, at, uid, gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("set owner %d:%d: %w", uid, gid, err)
		}
	}
	if err := unix.Fchmodat(fd, at, mode, 0); err != nil {
		return fmt.Errorf("set mode %04o: %w", mode, err)
	}
	return SetTime(fd, at, mtime)
}

// SetTime gives what is at a path its times.
func SetTime(fd int, at string, mtime unix.Timespec) error {
	if err := unix.UtimesNanoAt(fd, at, []unix.Timespec{mtime, mtime}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	return nil
}

// StampTree gives everything in a directory the time 1970-01-01.
func StampTree(dir string) error {
	return filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return SetTime(unix.AT_FDCWD, p, unix.Timespec{})
	})
}

// setFileTime sets the times of an open file: utimensat(2) without a path.
func setFileTime(f *os.File, mtime unix.Timespec) error {
	times := [2]unix.Timespec{mtime, mtime}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, f.Fd(), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("set times: %w", errno)
	}
	return nil
}
