// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// hereScript is the script that a shell is given by a here-document, and the command that
// does so, if RUN does nothing else and the script stops at the first command that fails.
func hereScript(text string) (inner, call string, ok bool) {
	f, err := parse(text)
	if err != nil || len(f.Stmts) != 1 {
		return "", "", false
	}
	st := f.Stmts[0]
	w, ok := st.Cmd.(*syntax.CallExpr)
	if !ok || st.Negated || st.Background || len(st.Redirs) != 1 || len(w.Args) != 1 || len(w.Assigns) > 0 {
		return "", "", false
	}
	name, redir := w.Args[0].Lit(), st.Redirs[0]
	if name != "bash" && name != "sh" || redir.Op != syntax.Hdoc || redir.N != nil || redir.Hdoc == nil {
		return "", "", false
	}
	for _, p := range redir.Hdoc.Parts {
		body, ok := p.(*syntax.Lit)
		if !ok {
			return "", "", false
		}
		inner += body.Value // without continued lines
	}
	return inner, name, !strings.ContainsAny(inner, "\\$`") && !strings.Contains(inner, "EOF") && StopsAnyway(inner)
}

// within gives what is left of a script to its shell by a here-document again.
func (in *installation) within(shell string) bool {
	if len(in.before) > 0 {
		return false
	}
	if len(in.after) == 0 {
		return true
	}
	text := shell + " <<EOF\n" + strings.TrimSuffix(script(in.after), "\n") + "\nEOF\n"
	f, err := parse(text)
	if err != nil || len(f.Stmts) != 1 {
		return false
	}
	in.after = []step{{stmt: f.Stmts[0], text: strings.TrimSuffix(text, "\n")}}
	return true
}

// loose are a script's steps, also where it goes on after a failure: there a chain is one
// step, unless it is of nothing but calls of tools for packages. The first one is taken
// apart up to its last such call at the beginning: what follows counts on them.
func (s *stage) loose(text string) []step {
	if StopsAnyway(text) {
		return steps(text)
	}
	f, err := parse(text)
	if err != nil {
		return nil
	}
	var all []step
	for i, st := range f.Stmts {
		whole, ok := printed(st)
		if !ok || st.Background || st.Coprocess {
			return nil
		}
		if first := s.firstCalls(st); i == 0 && first != nil {
			all = append(all, first...)
			continue
		}
		var parts []step
		for _, one := range chain(st) {
			text, ok := printed(one)
			part := step{stmt: one, text: text}
			_, isCall := s.call(part, nil)
			_, isClean := s.cleaned(part, nil)
			if !ok || !isCall && !isClean {
				parts = nil
				break
			}
			parts = append(parts, part)
		}
		if parts == nil {
			parts = []step{{stmt: st, text: whole}}
		}
		all = append(all, parts...)
	}
	return all
}

// firstCalls are the simple commands that a chain begins with, as far as the last call of
// a tool for packages among them, and the rest of it; nil if there is no such call.
func (s *stage) firstCalls(st *syntax.Stmt) []step {
	all := conjuncts(st)
	last := -1
	for i, one := range all {
		if _, ok := one.Cmd.(*syntax.CallExpr); !ok || one.Negated {
			break
		}
		text, ok := printed(one)
		if !ok || leavesState(step{stmt: one, text: text}) {
			break
		}
		if c, ok := s.call(step{stmt: one, text: text}, nil); ok && c.verb == "install" {
			last = i
		}
	}
	if last < 0 || last == len(all)-1 {
		return nil
	}
	var out []step
	for _, one := range all[:last+1] {
		text, _ := printed(one) // which it did above
		out = append(out, step{one, text, true})
	}
	rest := joined(all[last+1:])
	if rest == nil {
		return nil
	}
	text, ok := printed(rest)
	if !ok {
		return nil
	}
	return append(out, step{stmt: rest, text: text})
}

// conjuncts are the parts of a chain of &&.
func conjuncts(st *syntax.Stmt) []*syntax.Stmt {
	b, ok := st.Cmd.(*syntax.BinaryCmd)
	if !ok || b.Op != syntax.AndStmt || st.Negated || len(st.Redirs) > 0 {
		return []*syntax.Stmt{st}
	}
	return append(conjuncts(b.X), conjuncts(b.Y)...)
}
