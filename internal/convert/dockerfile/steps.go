// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/strata-build/strata/internal/convert/draft"
)

// step is a command of a script that stops at the first one that fails.
type step struct {
	stmt *syntax.Stmt
	text string
	// chained says that the steps after it ran only if it succeeded.
	chained bool
}

// steps are the commands of a script, if it is known to stop at the first one that fails
// wherever it is cut: a chain of &&, or lines after set -e.
func steps(script string) []step {
	if !StopsAnyway(script) {
		return nil
	}
	f, err := parse(script)
	if err != nil {
		return nil
	}
	var all []step
	for _, st := range f.Stmts {
		for _, one := range chain(st) {
			text, ok := printed(one)
			if !ok || one.Background || one.Coprocess {
				return nil
			}
			all = append(all, step{stmt: one, text: text})
		}
	}
	return all
}

// steps are those of a build's script, which also stops where the shell is told to.
func (s *stage) steps(b *draft.Build) []step {
	all := steps(b.Run)
	if all != nil || b.NoErrexit || b.Shell != nil || s.shell != nil || strings.HasPrefix(b.Run, "#!") {
		return all
	}
	if all = steps("set -e\n" + b.Run); len(all) > 0 {
		all = all[1:]
	}
	return all
}

// chain takes a chain of && apart, where each of its commands can stand by itself: -e
// doesn't count in the parts of a chain but the last one.
func chain(st *syntax.Stmt) []*syntax.Stmt {
	b, ok := st.Cmd.(*syntax.BinaryCmd)
	if !ok || b.Op != syntax.AndStmt || st.Negated || len(st.Redirs) > 0 {
		return []*syntax.Stmt{st}
	}
	all := append(chain(b.X), chain(b.Y)...)
	for i, one := range all {
		if !one.Negated && isChain(one) {
			continue
		}
		if rest := joined(all[leading(all[:i]):]); rest != nil {
			return append(all[:leading(all[:i]):leading(all[:i])], rest)
		}
		return []*syntax.Stmt{st}
	}
	return all
}

// leading counts the calls of tools for packages, and of set, that a chain begins with:
// they can stand by themselves before the rest of it.
func leading(all []*syntax.Stmt) int {
	for i, st := range all {
		call, ok := st.Cmd.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 || !slices.Contains([]string{"set", "apt-get", "apt", "apk", "dnf", "microdnf", "rm"}, call.Args[0].Lit()) {
			return i
		}
	}
	return len(all)
}

// joined is a chain of && again.
func joined(all []*syntax.Stmt) *syntax.Stmt {
	var parts []string
	for _, st := range all {
		text, ok := printed(st)
		if !ok {
			return nil
		}
		parts = append(parts, text)
	}
	f, err := parse(strings.Join(parts, " &&\n"))
	if err != nil || len(f.Stmts) != 1 {
		return nil
	}
	return f.Stmts[0]
}

// printed is a command as text, with the comments above it; ok is false if the text would mean
// something else.
func printed(st *syntax.Stmt) (text string, ok bool) {
	var out bytes.Buffer
	if err := syntax.NewPrinter(syntax.Indent(2), syntax.SwitchCaseIndent(true)).Print(&out, st); err != nil {
		return "", false
	}
	text = trimLines(out.String())
	for i, c := range st.Comments {
		if c.End().After(st.Pos()) {
			st.Comments = st.Comments[:i]
			break
		}
	}
	if got, ok := Meaning(text); !ok || got != meaning([]*syntax.Stmt{st}) {
		return "", false
	}
	return text, true
}

// script is steps as lines.
func script(all []step) string {
	var lines []string
	for _, s := range all {
		lines = append(lines, reflowed(s.stmt, s.text))
	}
	text := strings.Join(lines, "\n")
	if strings.Contains(text, "\n") {
		text += "\n"
	}
	return text
}

// words are a simple command's words, each without quotes, and false where one is more
// than a text. Assignments before it count if they are of names that say nothing.
func words(st *syntax.Stmt, vars func(name string) (string, bool)) ([]string, bool) {
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok || st.Negated || len(st.Redirs) > 0 || len(call.Args) == 0 {
		return nil, false
	}
	for _, a := range call.Assigns {
		if a.Name == nil || !slices.Contains([]string{"DEBIAN_FRONTEND", "DEBCONF_NONINTERACTIVE_SEEN", "LC_ALL", "ACCEPT_EULA"}, a.Name.Value) || a.Name.Value == "ACCEPT_EULA" {
			return nil, false
		}
	}
	var out []string
	for _, w := range call.Args {
		text, ok := word(w.Parts, vars)
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

// word is the text of a word, whose variables are those that are known.
func word(parts []syntax.WordPart, vars func(string) (string, bool)) (string, bool) {
	var b joint
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			if strings.ContainsAny(p.Value, `\`) {
				return "", false
			}
			b.add(p.Value)
		case *syntax.SglQuoted:
			if p.Dollar || strings.Contains(p.Value, "$") {
				return "", false
			}
			b.add(p.Value)
		case *syntax.DblQuoted:
			text, ok := word(p.Parts, vars)
			if !ok || p.Dollar {
				return "", false
			}
			b.add(text)
		case *syntax.ParamExp:
			if p.Param == nil || p.Excl || p.Length || p.Width || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Exp != nil {
				return "", false
			}
			text, ok := vars(p.Param.Value)
			if !ok {
				return "", false
			}
			b.add(text)
		default:
			return "", false
		}
	}
	return b.text, true
}

// joint is a text to which more is added: a name at its end doesn't go on with that.
type joint struct{ text string }

func (j *joint) add(text string) {
	name := regexp.MustCompile(`\$([A-Za-z_]\w*)$`)
	if text != "" && continues(part{text: text}) {
		j.text = name.ReplaceAllString(j.text, "$${$1}")
	}
	j.text += text
}

// known is what a variable of a script means in the build file: what ENV has set, or an
// argument. Names that the script sets itself aren't known.
func (s *stage) known(all []step) func(name string) (string, bool) {
	set := map[string]bool{}
	for _, st := range all {
		syntax.Walk(st.stmt, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Assign:
				if n.Name != nil {
					set[n.Name.Value] = true
				}
			case *syntax.WordIter:
				set[n.Name.Value] = true
			case *syntax.CallExpr:
				for _, a := range n.Args {
					set[a.Lit()] = true // read NAME, getopts … NAME
				}
			}
			return true
		})
	}
	return func(name string) (string, bool) {
		v, ok := s.vars.vars[name]
		if !ok || set[name] {
			return "", false
		}
		return v.value.text(), true
	}
}

// isSet reports whether a step only sets options of the shell.
func isSet(st step) bool {
	call, ok := st.stmt.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && call.Args[0].Lit() == "set"
}

// leavesState reports whether a step changes what later ones in the same shell see.
func leavesState(st step) bool {
	found := false
	syntax.Walk(st.stmt, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DeclClause, *syntax.FuncDecl:
			found = true
		case *syntax.CallExpr:
			if len(n.Args) == 0 {
				found = found || len(n.Assigns) > 0
				return true
			}
			switch n.Args[0].Lit() {
			case "cd", "export", ".", "source", "umask", "ulimit", "alias", "eval", "exec", "trap", "pushd", "popd", "unset", "read":
				found = true
			}
		}
		return true
	})
	return found
}

// lines writes a script's chains of && as lines, in a shell that stops by itself.
func (s *stage) lines(b *draft.Build, line int) {
	all := steps(b.Run)
	if len(all) == 0 || b.Shell != nil || b.NoErrexit || s.shell != nil || strings.HasPrefix(b.Run, "#!") || strings.Contains(b.Run, "<<") {
		return
	}
	text := script(all)
	if text == b.Run {
		return
	}
	if _, ok := Meaning(text); !ok {
		return
	}
	b.Run = text
	if len(all) == 1 {
		return
	}
	s.c.note(line, Changed, "a chain of && is written as lines: a script stops at the first command that fails")
}
