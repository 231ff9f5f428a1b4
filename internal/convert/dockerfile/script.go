// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// script lays a script out as it stands in the Dockerfile. What the shell gets is the
// same program: that is looked at, and where it isn't, the text is left as it is. The
// comments that have no place in it are given back.
func (t *text) script(joined string, start int, escape rune) (string, []string) {
	want, ok := Meaning(joined)
	lines := withoutFlags(t.between(start))
	if !ok || len(lines) == 0 || escape != '\\' {
		return joined, t.inside(start)
	}
	if out, ok := formatted(strings.Join(lines, "\n"), want); ok {
		return out, nil
	}
	bare := slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
		l = strings.TrimSpace(l)
		return strings.HasPrefix(l, "#") || l == ""
	})
	if out, ok := formatted(strings.Join(bare, "\n"), want); ok {
		return out, t.inside(start)
	}
	return joined, t.inside(start)
}

// withoutFlags are a RUN's lines without the instruction and its flags. Flags on lines
// of their own are left in the text, which then isn't the same script.
func withoutFlags(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	lines = slices.Clone(lines)
	lines[0] = runFlags().ReplaceAllString(lines[0], "")
	for len(lines) > 1 && strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(lines[0]), "\\")) == "" {
		lines = lines[1:]
		lines[0] = moreFlags().ReplaceAllString(lines[0], "")
	}
	return lines
}

func runFlags() *regexp.Regexp { return regexp.MustCompile(`^(?i)\s*RUN(\s+--[a-z]+(=\S*)?)*\s*`) }

func moreFlags() *regexp.Regexp { return regexp.MustCompile(`^\s*(--[a-z]+(=\S*)?\s*)*`) }

// parse reads a script.
func parse(script string) (*syntax.File, error) {
	return syntax.NewParser(syntax.KeepComments(true), syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
}

// formatted lays a script out, if it means what is wanted.
func formatted(script, want string) (string, bool) {
	f, err := parse(script)
	if err != nil {
		return "", false
	}
	var out bytes.Buffer
	if err := syntax.NewPrinter(syntax.Indent(2), syntax.SwitchCaseIndent(true)).Print(&out, f); err != nil {
		return "", false
	}
	text := trimLines(loneSemicolon().ReplaceAllString(out.String(), "\n"))
	got, ok := Meaning(text)
	if !ok || got != want {
		return "", false
	}
	return oneLine(text), true
}

// loneSemicolon is one on a line of its own, which a line break stands for.
func loneSemicolon() *regexp.Regexp { return regexp.MustCompile(` \\\n\s*;\n`) }

// oneLine drops the line break at the end of a script of one line.
func oneLine(text string) string {
	if strings.Count(text, "\n") == 1 {
		return strings.TrimSuffix(text, "\n")
	}
	return text
}

// trimLines drops blanks at the ends of lines, which a block of YAML can't have.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Join(lines, "\n")
}

// StopsAnyway reports whether a script ends at the first command that fails although the
// shell isn't told to: it is one chain of && and ||, or sets -e itself.
func StopsAnyway(script string) bool {
	f, err := parse(script)
	if err != nil {
		return false
	}
	stmts := f.Stmts
	if len(stmts) == 0 {
		return true
	}
	if setsErrexit(stmts[0]) {
		return true
	}
	return len(stmts) == 1 && isChain(stmts[0])
}

// isChain reports whether a statement has no part where it matters that a command
// failed but for && and ||: no list of several commands, and no loop.
func isChain(st *syntax.Stmt) bool {
	simple := true
	one := func(list []*syntax.Stmt) { simple = simple && len(list) <= 1 }
	syntax.Walk(st, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.WhileClause, *syntax.ForClause, *syntax.CoprocClause, *syntax.FuncDecl:
			simple = false
		case *syntax.Block:
			one(n.Stmts)
		case *syntax.Subshell:
			one(n.Stmts)
		case *syntax.IfClause:
			one(n.Then)
		case *syntax.CaseItem:
			one(n.Stmts)
		case *syntax.CmdSubst:
			one(n.Stmts)
		case *syntax.ProcSubst:
			one(n.Stmts)
		case *syntax.Stmt:
			simple = simple && !n.Background && !n.Coprocess
		}
		return simple
	})
	return simple
}

// setsErrexit reports whether the first thing that a statement does is set -e.
func setsErrexit(st *syntax.Stmt) bool {
	if b, ok := st.Cmd.(*syntax.BinaryCmd); ok {
		return b.Op == syntax.AndStmt && setsErrexit(b.X)
	}
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) < 2 || call.Args[0].Lit() != "set" || st.Negated || st.Background {
		return false
	}
	for _, a := range call.Args[1:] {
		word := a.Lit()
		if strings.HasPrefix(word, "-") && strings.Contains(word, "e") && !strings.HasPrefix(word, "--") || word == "errexit" {
			return true
		}
	}
	return false
}
