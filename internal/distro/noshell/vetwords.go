// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// special are the commands of a shell that leave what is assigned before them, and end it
// where their output can't be opened.
func special(name string) bool {
	return slices.Contains([]string{":", ".", "eval", "export", "readonly", "set", "shift", "trap", "unset", "break", "continue", "return", "exit", "times"}, name)
}

// command refuses what a shell's own commands do elsewhere, and not in the library.
func (v *vetter) command(n *syntax.CallExpr) {
	if len(n.Args) == 0 {
		return
	}
	name := n.Args[0].Lit()
	if len(n.Assigns) > 0 && special(name) && v.is != bash {
		v.refuse(n, "it assigns to a variable before "+name+", which keeps it")
	}
}

// scope refuses local where there is no function, and in functions what is about a loop
// of the caller's.
func (v *vetter) scope(n syntax.Node, function, loop bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			v.scope(n.Body, true, false)
			return false
		case *syntax.WhileClause:
			v.parts(n.Cond, function)
			v.parts(n.Do, function)
			return false
		case *syntax.ForClause:
			v.parts(n.Do, function)
			return false
		case *syntax.DeclClause:
			if n.Variant.Value == "local" && !function {
				v.refuse(n, "it has local outside of a function")
			}
		case *syntax.CallExpr:
			if len(n.Args) > 0 && function && !loop && slices.Contains([]string{"break", "continue"}, n.Args[0].Lit()) {
				v.refuse(n, "it leaves a loop of who calls the function")
			}
		}
		return true
	})
}

// parts looks at what is in a loop.
func (v *vetter) parts(list []*syntax.Stmt, function bool) {
	for _, s := range list {
		v.scope(s, function, true)
	}
}

// declaration refuses options, and values that use what the same declaration assigns:
// a shell knows all values first.
func (v *vetter) declaration(n *syntax.DeclClause) {
	var before []string
	for _, a := range n.Args {
		if a.Name == nil {
			if a.Value == nil || strings.HasPrefix(a.Value.Lit(), "-") || n.Variant.Value == "readonly" {
				v.refuse(n, notFollowed)
			}
			continue
		}
		if a.Value != nil && v.is != bash {
			for _, name := range mentioned(a.Value) {
				if slices.Contains(before, name) {
					v.refuse(n, "it assigns to a variable and uses it in one declaration")
				}
			}
		}
		before = append(before, a.Name.Value)
	}
}

// mentioned are the variables that words use.
func mentioned(n syntax.Node) []string {
	var names []string
	syntax.Walk(n, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil {
			names = append(names, p.Param.Value)
		}
		return true
	})
	return names
}

// files refuses patterns of files that mean something else.
func (v *vetter) files(words []*syntax.Word) {
	if v.is == bash {
		return
	}
	for _, w := range words {
		v.pattern(w)
		for i, part := range w.Parts {
			if lit, ok := part.(*syntax.Lit); ok && startsHidden(lit.Value, i == 0) {
				v.refuse(w, "its pattern is that of . and .., too")
			}
		}
	}
}

// startsHidden reports whether a part of a pattern, perhaps the first one, has a name
// that begins with a dot and may have no more than another one.
func startsHidden(pattern string, first bool) bool {
	for i, name := range strings.Split(pattern, "/") {
		if (i > 0 || first) && (strings.HasPrefix(name, ".*") || strings.HasPrefix(name, ".?")) {
			return true
		}
	}
	return false
}

// pattern refuses what isn't in all shells.
func (v *vetter) pattern(w *syntax.Word) {
	if w == nil || v.is == bash {
		return
	}
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok && strings.Contains(lit.Value, "[^") {
			v.refuse(w, `it has a set of characters with "^"`)
		}
	}
}

// quotes refuses those within "${name:-…}", which mean themselves there and not in
// "${name#…}"; a text that follows a command is as one in quotes.
func (v *vetter) quotes(q syntax.Node, parts []syntax.WordPart) {
	for _, part := range parts {
		p, ok := part.(*syntax.ParamExp)
		if !ok || p.Exp == nil || p.Exp.Word == nil {
			continue
		}
		for _, inner := range p.Exp.Word.Parts {
			lit, isLit := inner.(*syntax.Lit)
			if _, single := inner.(*syntax.SglQuoted); single || isLit && strings.Contains(lit.Value, "'") {
				v.refuse(q, "it has quotes within a quoted variable")
			}
		}
	}
}

// home refuses home directories behind a colon in what is assigned, which the library
// leaves as they are.
func (v *vetter) home(value *syntax.Word) {
	if value == nil {
		return
	}
	for _, part := range value.Parts {
		if lit, ok := part.(*syntax.Lit); ok && strings.Contains(lit.Value, ":~") {
			v.refuse(value, notFollowed)
		}
	}
}

// variable refuses variables that the library has, and no other shell than bash.
func (v *vetter) variable(n syntax.Node, name string) {
	if v.is != bash && slices.Contains([]string{"UID", "EUID", "GID", "RANDOM", "SECONDS"}, name) {
		v.refuse(n, "it has the variable "+name+", which is bash's own")
	}
}

// parameter refuses patterns that mean something else, and lengths that dash counts
// otherwise.
func (v *vetter) parameter(n *syntax.ParamExp) {
	if n.Param == nil {
		return
	}
	v.variable(n, n.Param.Value)
	if n.Exp != nil {
		v.pattern(n.Exp.Word)
		v.quotedPattern(n.Exp)
	}
	if n.Length && (n.Param.Value == "@" || n.Param.Value == "*") {
		v.refuse(n, notFollowed)
	}
}

// quotedPattern refuses quotes that make a pattern's characters mean themselves, which
// they don't to the library where a pattern is removed.
func (v *vetter) quotedPattern(e *syntax.Expansion) {
	if e.Word == nil || !removes(e.Op) {
		return
	}
	for _, part := range e.Word.Parts {
		text := ""
		switch part := part.(type) {
		case *syntax.SglQuoted:
			text = part.Value
		case *syntax.DblQuoted:
			for _, p := range part.Parts {
				if lit, ok := p.(*syntax.Lit); ok {
					text += lit.Value
				}
			}
		}
		if strings.ContainsAny(text, `*?[\`) {
			v.refuse(e.Word, "it has a quoted pattern")
		}
	}
}
