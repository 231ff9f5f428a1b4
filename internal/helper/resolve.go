// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"strings"
)

// A kind is what resolving a path needs to know about a file.
type kind uint8

const (
	absent kind = iota
	directory
	link
	other
)

// A lookup tells what is at an image path without links on the way, and where
// a link points. It is never asked for the root.
type lookup func(at string) (kind, string, error)

// maxLinks is how many links a path may lead through, the kernel's own limit.
const maxLinks = 40

var (
	errLoop   = errors.New("too many symbolic links, they lead in a circle")
	errNotDir = errors.New("not a directory")
)

// resolve follows every link in the path p, the last one too, as a process
// whose root is the image would: an absolute link starts at the image's root,
// and ".." stops there. Where nothing is found the rest of the path is taken
// as written, for a skeleton doesn't list the directories nobody has to respect.
func resolve(look lookup, p string) (string, kind, error) {
	done, todo := "/", strings.Split(p, "/")
	found := directory
	for links := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if found == other {
			return "", other, errNotDir
		}
		switch name {
		case "", ".":
			continue
		case "..":
			done, found = parent(done), directory
			continue
		}
		at := dir{path: done}.join(name)
		what, target, err := look(at)
		if err != nil {
			return "", absent, err
		}
		if what != link {
			done, found = at, what
			continue
		}
		if links++; links > maxLinks {
			return "", link, errLoop
		}
		if strings.HasPrefix(target, "/") {
			done, found = "/", directory
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return done, found, nil
}

func parent(p string) string {
	if cut := strings.LastIndexByte(p, '/'); cut > 0 {
		return p[:cut]
	}
	return "/"
}
