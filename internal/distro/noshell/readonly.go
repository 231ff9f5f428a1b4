// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// A shell ends where a variable is given a value that readonly made one for reading
// only; the library goes on. So what readonly names is noted when that runs, and each
// command that changes such a name asks first.

const readonlyChange = "it changes a variable that readonly made one for reading only"

// readonlyNames are the variables that a script declares so.
func readonlyNames(file syntax.Node) []string {
	var names []string
	syntax.Walk(file, func(n syntax.Node) bool {
		if d, ok := n.(*syntax.DeclClause); ok && d.Variant.Value == "readonly" {
			for _, a := range d.Args {
				if a.Name != nil {
					names = append(names, a.Name.Value)
				}
			}
		}
		return true
	})
	return names
}

// guardReadonly puts the question before a command that changes variables.
func (n *normalizer) guardReadonly(s *syntax.Stmt) {
	word := "writes"
	if d, ok := s.Cmd.(*syntax.DeclClause); ok && d.Variant.Value == "readonly" {
		word = "readonly"
	}
	var names []*syntax.Word
	for _, name := range n.changed(s.Cmd) {
		names = append(names, literal(name))
	}
	if _, loop := s.Cmd.(*syntax.ForClause); len(names) > 0 && !loop && looksAtStatus(s) && n.err == nil {
		n.err = refuse(readonlyChange + ", and looks at a status")
	}
	n.guard(s, word, names)
}

// guard puts a command of ours before another one, which must not look at a status: that
// of ours is 0.
func (n *normalizer) guard(s *syntax.Stmt, name string, args []*syntax.Word) {
	if len(args) == 0 {
		return
	}
	first := &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{ValuePos: s.Pos(), Value: own + name}}}
	ask := &syntax.Stmt{Cmd: &syntax.CallExpr{Args: append([]*syntax.Word{first}, args...)}, Position: s.Position}
	s.Cmd = &syntax.Block{Stmts: []*syntax.Stmt{ask, {Cmd: s.Cmd, Position: s.Position}}}
}

// changed are the names that a command changes and that readonly is about somewhere.
func (n *normalizer) changed(c syntax.Command) []string {
	var names []string
	add := func(name string) {
		if slices.Contains(n.readonly, name) {
			names = append(names, name)
		}
	}
	switch c.(type) {
	case *syntax.CallExpr, *syntax.DeclClause:
		for _, name := range changedInWords(c) {
			add(name)
		}
	}
	switch c := c.(type) {
	case *syntax.CallExpr:
		for _, a := range c.Assigns {
			add(a.Name.Value)
		}
		if len(c.Args) > 0 && slices.Contains([]string{"read", "getopts", "unset"}, c.Args[0].Lit()) {
			for _, w := range c.Args[1:] {
				add(w.Lit())
			}
		}
	case *syntax.DeclClause:
		for _, a := range c.Args {
			if a.Name != nil && (!a.Naked || c.Variant.Value == "readonly") {
				add(a.Name.Value)
			}
		}
	case *syntax.ForClause:
		if loop, ok := c.Loop.(*syntax.WordIter); ok {
			add(loop.Name.Value)
		}
	}
	return names
}

// changedInWords are the names that words change: by ${name:=value} and in arithmetic.
func changedInWords(c syntax.Command) []string {
	var names []string
	syntax.Walk(c, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			return false
		case *syntax.ParamExp:
			if n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) {
				names = append(names, n.Param.Value)
			}
		case *syntax.BinaryArithm:
			if w, ok := n.X.(*syntax.Word); ok && assigns(n.Op) {
				names = append(names, w.Lit())
			}
		}
		return true
	})
	return names
}

// changes notes that variables are changed, and perhaps from now on may not be.
func (r *run) changes(names []string, frozen bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		if r.frozen[name] {
			return refuse(readonlyChange)
		}
	}
	for _, name := range names {
		r.frozen[name] = frozen
	}
	return nil
}
