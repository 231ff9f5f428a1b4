// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// The library makes one word of "a$@b", and takes the quotes of ${name:-"a b"} and of
// ${name#"$pattern"} for none. So all arguments stand in quotes of their own, values that
// would be divided are looked at first, and those in patterns get backslashes.

const inQuotes = "it has quotes within a variable without quotes"

// keepQuotes writes words so that their quotes mean to the library what they are.
func keepQuotes(file syntax.Node) {
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Word:
			var parts []syntax.WordPart
			for _, part := range n.Parts {
				parts = append(parts, ownQuotes(part)...)
			}
			n.Parts = parts
		case *syntax.ParamExp:
			if n.Exp != nil && n.Exp.Word != nil && removes(n.Exp.Op) {
				keepPattern(n.Exp.Word)
			}
		}
		return true
	})
}

// keepPattern has the quoted values of a pattern printed with backslashes.
func keepPattern(w *syntax.Word) {
	for i, part := range w.Parts {
		q, ok := part.(*syntax.DblQuoted)
		if ok && slices.ContainsFunc(q.Parts, func(p syntax.WordPart) bool { _, lit := p.(*syntax.Lit); return !lit }) {
			w.Parts[i] = printedBy(q, "literal", quoted(q.Parts...)).Parts[0]
		}
	}
}

// removes reports whether an operator takes a pattern off a value.
func removes(op syntax.ParExpOperator) bool {
	return slices.Contains([]syntax.ParExpOperator{syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix}, op)
}

// printLiteral prints a text as a pattern of nothing else.
func printLiteral(c *Call) error {
	if strings.HasSuffix(c.Args[1], "\n") {
		return refuse("a quoted pattern ends with a line break")
	}
	return c.Print(strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(c.Args[1]))
}

// ownQuotes is a part of a word in which all arguments have quotes of their own.
func ownQuotes(part syntax.WordPart) []syntax.WordPart {
	if p, ok := part.(*syntax.ParamExp); ok && isAllIfAny(p) {
		return p.Exp.Word.Parts
	}
	q, ok := part.(*syntax.DblQuoted)
	if !ok || len(q.Parts) < 2 || !slices.ContainsFunc(q.Parts, isAll) {
		return []syntax.WordPart{part}
	}
	var out []syntax.WordPart
	for _, inner := range q.Parts {
		n := len(out)
		if n == 0 || isAll(inner) || isAll(q.Parts[n-1]) {
			out = append(out, &syntax.DblQuoted{Left: q.Left, Right: q.Right})
			n++
		}
		last := out[n-1].(*syntax.DblQuoted) //nolint:forcetypeassert // made above
		last.Parts = append(last.Parts, inner)
	}
	return out
}

// isAll reports whether a part is all arguments, and nothing else.
func isAll(part syntax.WordPart) bool {
	p, ok := part.(*syntax.ParamExp)
	return ok && p.Param != nil && p.Param.Value == "@" && !p.Length && p.Exp == nil
}

// isAllIfAny reports whether a part is ${1+"$@"}: that is the arguments, however many.
func isAllIfAny(p *syntax.ParamExp) bool {
	if p.Param == nil || p.Param.Value != "1" || p.Exp == nil || p.Exp.Op != syntax.AlternateUnset || p.Exp.Word == nil || len(p.Exp.Word.Parts) != 1 {
		return false
	}
	q, ok := p.Exp.Word.Parts[0].(*syntax.DblQuoted)
	return ok && len(q.Parts) == 1 && isAll(q.Parts[0])
}

// guardQuoted puts a look at values before a command that has quotes in ${name:-…}.
func (n *normalizer) guardQuoted(s *syntax.Stmt) {
	words := wordsOf(s)
	var values []*syntax.Word
	for i, w := range words {
		for _, part := range w.Parts {
			p, ok := part.(*syntax.ParamExp)
			if !ok || p.Exp == nil || p.Exp.Word == nil || !chooses(p.Exp.Op) || !hasQuotes(p.Exp.Word) || i > 0 && words[0].Lit() == "echo" && isPlain(p.Exp.Word) {
				continue
			}
			if (runsCommands(p) || isEmpty(p.Exp.Word)) && n.err == nil {
				n.err = refuse(inQuotes)
			}
			values = append(values, quoted(p))
		}
	}
	if call, ok := s.Cmd.(*syntax.CallExpr); ok && len(values) > 0 && looksAtStatus(&syntax.Stmt{Cmd: call}) && n.err == nil {
		n.err = refuse(inQuotes)
	}
	n.guard(s, "whole", values)
}

// chooses reports whether an operator takes a word in the place of a value.
func chooses(op syntax.ParExpOperator) bool {
	return slices.Contains([]syntax.ParExpOperator{
		syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull,
	}, op)
}

func hasQuotes(w *syntax.Word) bool {
	return slices.ContainsFunc(w.Parts, func(part syntax.WordPart) bool {
		switch part.(type) {
		case *syntax.SglQuoted, *syntax.DblQuoted:
			return true
		}
		return false
	})
}

// isPlain reports whether a word is one quoted text that echo prints as it stands, divided
// or not.
func isPlain(w *syntax.Word) bool {
	q, ok := w.Parts[0].(*syntax.SglQuoted)
	return ok && len(w.Parts) == 1 && q.Value == strings.Join(strings.Fields(q.Value), " ") && !strings.ContainsAny(q.Value, `*?[\`)
}

// isEmpty reports whether a word is a pair of quotes: an argument to a shell, and none to
// the library.
func isEmpty(w *syntax.Word) bool {
	single, _ := w.Parts[0].(*syntax.SglQuoted)
	double, _ := w.Parts[0].(*syntax.DblQuoted)
	return len(w.Parts) == 1 && (single != nil && single.Value == "" || double != nil && len(double.Parts) == 0)
}

func runsCommands(n syntax.Node) bool {
	found := false
	syntax.Walk(n, func(n syntax.Node) bool {
		_, sub := n.(*syntax.CmdSubst)
		found = found || sub
		return !found
	})
	return found
}

// whole refuses values that would be divided, or stand for files.
func whole(c *Call) error {
	for _, value := range c.Args[1:] {
		if strings.ContainsAny(value, c.Env("IFS")+"*?[") {
			return refuse("%q has quotes, within a variable without quotes", shorten(value))
		}
	}
	return nil
}
