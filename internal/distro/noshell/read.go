// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// The library's read leaves out empty fields, too. So where there are separators other
// than blanks, a line is read as a whole, and a command of ours prints each of its fields.

// guardRead puts that in the place of read.
func (n *normalizer) guardRead(s *syntax.Stmt, call *syntax.CallExpr) {
	separators := ownSeparators(call)
	if separators == nil && !n.splits || len(call.Assigns) > 1 {
		return
	}
	var names []string
	raw := false
	for _, w := range call.Args[1:] {
		switch name := w.Lit(); {
		case name == "-r" && len(names) == 0:
			raw = true
		case syntax.ValidName(name) && !slices.Contains(n.readonly, name):
			names = append(names, name)
		default:
			n.err = refuse("its names of variables aren't followed")
			return
		}
	}
	if len(names) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString(`{ strata_separators=$IFS; if IFS= read -r strata_line; then strata_read=0; else strata_read=1; fi; `)
	for i, name := range names {
		fmt.Fprintf(&b, `%s=$(%sfield %d %d %t "$strata_separators" "$strata_line"); `, name, own, i+1, len(names), raw)
	}
	b.WriteString(`[ "$strata_read" = 0 ]; }`)
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(b.String()), "")
	if err != nil {
		n.err = err
		return
	}
	if separators != nil {
		file.Stmts[0].Cmd.(*syntax.Block).Stmts[0].Cmd.(*syntax.CallExpr).Assigns[0].Value = separators //nolint:forcetypeassert // see the text
	}
	s.Cmd = file.Stmts[0].Cmd
}

// ownSeparators are those that a command sets for itself; nil for none, or for blanks.
func ownSeparators(call *syntax.CallExpr) *syntax.Word {
	if len(call.Assigns) != 1 || call.Assigns[0].Name.Value != "IFS" || call.Assigns[0].Value == nil || len(call.Assigns[0].Value.Parts) == 0 {
		return nil
	}
	if q, ok := call.Assigns[0].Value.Parts[0].(*syntax.DblQuoted); ok && len(q.Parts) == 0 {
		return nil
	}
	if q, ok := call.Assigns[0].Value.Parts[0].(*syntax.SglQuoted); ok && strings.Trim(q.Value, " \t\n") == "" && !q.Dollar {
		return nil
	}
	return call.Assigns[0].Value
}

// printField prints a field of a line as read has it: which one of how many, whether a
// backslash is nothing special, the separators, and the line.
func printField(c *Call) error {
	which, _ := strconv.Atoi(c.Args[1])
	many, _ := strconv.Atoi(c.Args[2])
	f := separated{all: c.Args[4], rest: c.Args[5]}
	if c.Args[3] == "false" && strings.Contains(f.rest, `\`) {
		return refuse("it reads a backslash")
	}
	f.rest = strings.TrimLeftFunc(f.rest, f.blank)
	for range which - 1 {
		f.next()
	}
	if which < many {
		return c.Print(f.next())
	}
	last := strings.TrimRightFunc(f.rest, f.blank)
	if one := f.next(); f.rest == "" {
		last = one // with a separator after it, or without
	}
	return c.Print(last)
}

// separated is a line that is split.
type separated struct{ all, rest string }

func (f *separated) separates(r rune) bool { return strings.ContainsRune(f.all, r) }

func (f *separated) blank(r rune) bool { return f.separates(r) && strings.ContainsRune(" \t\n", r) }

// next takes a field with what separates it from the next one.
func (f *separated) next() string {
	end := strings.IndexFunc(f.rest, f.separates)
	if end < 0 {
		end = len(f.rest)
	}
	field := f.rest[:end]
	f.rest = strings.TrimLeftFunc(f.rest[end:], f.blank)
	if f.rest != "" {
		if r := []rune(f.rest)[0]; f.separates(r) {
			f.rest = strings.TrimLeftFunc(f.rest[len(string(r)):], f.blank)
		}
	}
	return field
}
