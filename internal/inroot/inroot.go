// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package inroot follows symbolic links inside a root that isn't the process's
// own: in an image that is mounted somewhere, in a tree that is only held in
// memory, in a base that has to be asked for each path. A path leads to where it
// would lead a process whose root that is: an absolute link starts at the root
// again, and ".." stops there, so no answer is outside.
//
// The rules are those of path_resolution(7) and, for a root of one's own, of
// RESOLVE_IN_ROOT in openat2(2), with which the tests compare. One differs: where
// nothing is found the rest of the path is taken as written, because those who ask
// are about to make what is missing. A Lookup that wants the kernel's answer
// returns an error there.
package inroot

import (
	"errors"
	"path"
	"strings"
)

// MaxLinks is how many symbolic links one path may lead through: MAXSYMLINKS of
// Linux, which path_resolution(7) gives as 40.
const MaxLinks = 40

var (
	// ErrLoop says that a path leads through more than MaxLinks links.
	ErrLoop = errors.New("too many symbolic links, they lead in a circle")
	// ErrNotDirectory says that a path goes on below a file.
	ErrNotDirectory = errors.New("not a directory")
)

// A Kind is what following a path needs to know about a file.
type Kind uint8

// The kinds. Absent is also right for a file that the rest of a path may replace.
const (
	Absent Kind = iota
	Directory
	Link
	Other
)

// A Cursor stands in a directory of a root, or below one where something is
// missing.
type Cursor interface {
	// Top goes to the root.
	Top()
	// Up goes to the directory above, which for the root is the root.
	Up()
	// Down goes to what is called name there, whatever it is, unless it is a link:
	// then the cursor stays, and target is where the link points. rest is what
	// follows name in the path; a tree that is slow to ask may look ahead.
	Down(name, rest string) (found Kind, target string, err error)
}

// Walk moves a cursor, which stands at the root, along the path p and through
// every link in it, the last one too. It returns what is at the end.
func Walk(c Cursor, p string) (Kind, error) {
	found, links := Directory, 0
	for name, more := "", true; more; {
		name, p, more = strings.Cut(p, "/")
		if found == Other {
			return Other, ErrNotDirectory
		}
		switch name {
		case "", ".":
			continue
		case "..":
			c.Up()
			found = Directory
			continue
		}
		what, target, err := c.Down(name, p)
		if err != nil {
			return Absent, err
		}
		if what != Link {
			found = what
			continue
		}
		if links++; links > MaxLinks {
			return Link, ErrLoop
		}
		if strings.HasPrefix(target, "/") {
			c.Top()
			found = Directory
		}
		if more {
			target += "/" + p
		}
		p, more = target, true
	}
	return found, nil
}

// A Lookup says what is at a path of a root that has no link before its last
// component, and where a link there points. It is never asked for the root. rest
// is what follows in the path that is being followed.
type Lookup func(at, rest string) (found Kind, target string, err error)

// Follow returns the path without links that p leads to, clean and absolute, and
// what is there.
func Follow(look Lookup, p string) (string, Kind, error) {
	c := &byPath{at: "/", look: look}
	found, err := Walk(c, p)
	if err != nil {
		return "", found, err
	}
	return c.at, found, nil
}

// byPath is a cursor that knows its place by the path.
type byPath struct {
	at   string
	look Lookup
}

func (c *byPath) Top() { c.at = "/" }

func (c *byPath) Up() { c.at = path.Dir(c.at) }

func (c *byPath) Down(name, rest string) (Kind, string, error) {
	next := strings.TrimSuffix(c.at, "/") + "/" + name
	found, target, err := c.look(next, rest)
	if err == nil && found != Link {
		c.at = next
	}
	return found, target, err
}
