// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// The library leaves out empty fields between separators other than blanks. So where a
// script sets some, values that are to be split are looked at first.

// setsSeparators reports whether a script sets the separators for more than a command.
func setsSeparators(file syntax.Node) bool {
	sets := false
	is := func(a *syntax.Assign) bool { return a.Name != nil && a.Name.Value == "IFS" }
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			sets = sets || len(n.Args) == 0 && slices.ContainsFunc(n.Assigns, is)
		case *syntax.DeclClause:
			sets = sets || slices.ContainsFunc(n.Args, is)
		}
		return true
	})
	return sets
}

// wordsOf are the words of a command or of a loop over words.
func wordsOf(s *syntax.Stmt) []*syntax.Word {
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		return c.Args
	case *syntax.ForClause:
		if loop, ok := c.Loop.(*syntax.WordIter); ok {
			return loop.Items
		}
	}
	return nil
}

// guardSplit puts the look before a command.
func (n *normalizer) guardSplit(s *syntax.Stmt) {
	if !n.splits {
		return
	}
	if _, ok := s.Cmd.(*syntax.CallExpr); ok && looksAtStatus(s) {
		return
	}
	var values []*syntax.Word
	for _, w := range wordsOf(s) {
		for _, part := range w.Parts {
			if p, ok := part.(*syntax.ParamExp); ok && p.Param != nil && !p.Length && !strings.Contains("?#$!-", p.Param.Value) {
				values = append(values, quoted(p))
			}
		}
	}
	n.guard(s, "split", values)
}

// split refuses values with empty fields, but for one at the end, which no shell has.
func split(c *Call) error {
	separators := c.Env("IFS")
	blank := func(r rune) bool { return strings.ContainsRune(" \t\n", r) && strings.ContainsRune(separators, r) }
	for _, value := range c.Args[1:] {
		empty := true
		for _, r := range strings.TrimFunc(value, blank) {
			switch {
			case blank(r):
			case !strings.ContainsRune(separators, r):
				empty = false
			case empty:
				return refuse("%q has an empty field", shorten(value))
			default:
				empty = true
			}
		}
	}
	return nil
}
