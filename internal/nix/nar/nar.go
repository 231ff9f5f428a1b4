// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package nar reads and writes Nix archives, the form in which store paths are
// hashed and shipped. An archive holds one file, symbolic link or directory
// tree, and nothing of it but names, contents, link targets and whether a file
// is executable. There is exactly one archive for a tree, so the reader refuses
// all that the writer wouldn't write: names out of order, padding that isn't
// zero, bytes after the end.
//
// Both work entry by entry in bounded memory. An archive is the sequence of its
// entries in depth-first order, where a [Directory] is followed by its entries
// and a [Leave]; names of one directory are in byte order.
//
// The format is figure 5.2 of Eelco Dolstra's thesis "The Purely Functional
// Software Deployment Model" (2006).
package nar

import (
	"errors"
	"fmt"
	"strings"
)

// Type is what an entry is.
type Type string

// The types of entries.
const (
	// Regular is a file.
	Regular Type = "regular"
	// Symlink is a symbolic link.
	Symlink Type = "symlink"
	// Directory is a directory; the entries up to its Leave are in it.
	Directory Type = "directory"
	// Leave is the end of the directory entered last.
	Leave Type = "leave"
)

// An Entry is a step of the walk through an archive.
type Entry struct {
	Type Type
	// Name is the name in the directory; empty for the root and for Leave.
	Name string
	// Executable is set for files that can be run.
	Executable bool
	// Size is a file's size in bytes.
	Size int64
	// Target is what a link points to.
	Target string
}

// Limits of what an archive may hold; Linux has the first two as well.
const (
	// MaxName is the length of a name in bytes.
	MaxName = 255
	// MaxTarget is the length of a link's target in bytes.
	MaxTarget = 4095
	// MaxDepth is the number of directories within each other.
	MaxDepth = 512
)

// ErrFormat says that bytes aren't an archive, or entries don't make one.
var ErrFormat = errors.New("no valid Nix archive")

// magic is how each archive begins.
const magic = "nix-archive-1"

func faultf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFormat, fmt.Errorf(format, args...))
}

// checkName reports whether a directory may have an entry of that name after
// the one before it.
func checkName(name, before string) error {
	switch {
	case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00"):
		return faultf("an entry can't be called %q", name)
	case len(name) > MaxName:
		return faultf("the name %.20q… has %d bytes, and %d are allowed", name, len(name), MaxName)
	case name <= before:
		return faultf("the name %q comes after %q", name, before)
	}
	return nil
}

func checkTarget(target string) error {
	switch {
	case target == "" || strings.Contains(target, "\x00"):
		return faultf("a link can't point to %q", target)
	case len(target) > MaxTarget:
		return faultf("a link's target has %d bytes, and %d are allowed", len(target), MaxTarget)
	}
	return nil
}

func checkDepth(depth int) error {
	if depth > MaxDepth {
		return faultf("more than %d directories are within each other", MaxDepth)
	}
	return nil
}
