// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package report is what a converter tells of what it did: a line of the file that it
// read, how the build file differs there, and why.
package report

import (
	"fmt"
	"slices"
)

// Note is what a user should know of a line.
type Note struct {
	// Line counts from 1; 0 is the whole file.
	Line int
	Kind Kind
	Text string
}

// Kind says what a note is about.
type Kind int

const (
	// Changed is something that was written in another way, with the reason.
	Changed Kind = iota
	// Doubt is something that may not be the same.
	Doubt
	// Lost is something that a build file can't say.
	Lost
)

func (k Kind) String() string {
	return [...]string{"changed", "doubt", "not kept"}[k]
}

// Notes are those of a file, in the order in which they are added.
type Notes struct {
	all  []Note
	seen map[Note]bool
}

// Add adds a note that isn't there yet.
func (n *Notes) Add(line int, kind Kind, format string, args ...any) {
	note := Note{line, kind, fmt.Sprintf(format, args...)}
	if n.seen[note] {
		return
	}
	if n.seen == nil {
		n.seen = map[Note]bool{}
	}
	n.seen[note] = true
	n.all = append(n.all, note)
}

// Sorted are the notes in the order of the file's lines.
func (n *Notes) Sorted() []Note {
	out := slices.Clone(n.all)
	slices.SortStableFunc(out, func(a, b Note) int { return a.Line - b.Line })
	return out
}

// LineError is a line that can't be converted.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap is the cause.
func (e *LineError) Unwrap() error { return e.Err }
