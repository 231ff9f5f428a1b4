// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func (r *reader) stmts(list []*syntax.Stmt) (Truth, flow) {
	status := True
	for _, s := range list {
		var f flow
		if status, f = r.stmt(s); f != onward || r.err != nil {
			return status, f
		}
	}
	return status, onward
}

func (r *reader) stmt(s *syntax.Stmt) (Truth, flow) {
	if r.steps++; r.steps > maxSteps {
		r.fail(s, "it goes on for too long")
	}
	if s.Coprocess {
		r.fail(s, "it has a construct that isn't followed")
	}
	if r.err != nil {
		return Unknown, leaveShell
	}
	open := True
	for _, redir := range s.Redirs {
		if r.redirect(redir, s) != True {
			open = Unknown
		}
	}
	status, f := True, onward
	switch {
	case s.Background:
		r.apart(func() (Truth, flow) { return r.command(s.Cmd, open) })
	case s.Negated:
		if leavesEarly(s.Cmd) {
			r.fail(s, "it negates a way out")
		}
		if status, f = r.condition(func() (Truth, flow) { return r.command(s.Cmd, open) }); f == onward {
			status = status.not()
		}
	default:
		status, f = r.command(s.Cmd, open)
	}
	r.last = status
	return status, f
}

// redirect reports whether a file that a command reads or writes can be opened.
func (r *reader) redirect(redir *syntax.Redirect, s *syntax.Stmt) Truth {
	if redir.Hdoc != nil {
		r.word(redir.Hdoc)
	}
	if redir.Word == nil {
		return True
	}
	to := r.word(redir.Word)
	op := ">"
	switch redir.Op {
	case syntax.DplIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
		return True
	case syntax.RdrIn:
		if to.known && to.text == "/dev/null" {
			return True
		}
		return r.asked("-r", to)
	case syntax.DplOut:
		if to.known && strings.Trim(to.text, "0123456789-") == "" {
			return True
		}
	case syntax.AppOut, syntax.AppAll:
		op = ">>"
	}
	if to.known && to.text == "/dev/null" {
		return True
	}
	return r.call(redir.Word, []value{{text: op, known: true}, to, r.printed(s)})
}

// printed is what a command prints, where its words alone say that.
func (r *reader) printed(s *syntax.Stmt) value {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return value{}
	}
	switch name := call.Args[0].Lit(); {
	case name == ":" || name == "true":
		return value{known: true}
	case name == "echo":
		var words []string
		for _, v := range r.fields(call.Args[1:]) {
			if !v.known || strings.HasPrefix(v.text, "-") || strings.Contains(v.text, `\`) {
				return value{}
			}
			words = append(words, v.text)
		}
		return value{text: strings.Join(words, " ") + "\n", known: true}
	case name == "cat" && len(call.Args) == 1:
		for _, redir := range s.Redirs {
			if redir.Hdoc == nil {
				continue
			}
			text := r.word(redir.Hdoc)
			if redir.Op == syntax.DashHdoc {
				text.text = strings.ReplaceAll("\n"+text.text, "\n\t", "\n")[1:]
			}
			return text
		}
	}
	return value{}
}

// command reads a command; open says whether its files could be opened, as it isn't
// run if they can't.
func (r *reader) command(cmd syntax.Command, open Truth) (Truth, flow) {
	if open != True {
		if call, ok := cmd.(*syntax.CallExpr); ok && len(call.Args) > 0 && isSpecial(call.Args[0].Lit()) {
			r.mayFail(cmd)
		}
		status, _ := r.either(func() (Truth, flow) { return r.command(cmd, True) }, skipped(False))
		return r.checked(cmd, status, 0)
	}
	switch c := cmd.(type) {
	case nil:
		return True, onward
	case *syntax.CallExpr:
		return r.simple(c)
	case *syntax.Block:
		return r.stmts(c.Stmts)
	case *syntax.Subshell:
		return r.checked(c, r.apart(func() (Truth, flow) { return r.stmts(c.Stmts) }), 0)
	case *syntax.BinaryCmd:
		return r.binary(c)
	case *syntax.IfClause:
		return r.ifClause(c)
	case *syntax.CaseClause:
		return r.caseClause(c)
	case *syntax.ForClause:
		return r.forClause(c)
	case *syntax.WhileClause:
		return r.whileClause(c)
	case *syntax.FuncDecl:
		return r.declare(c)
	case *syntax.DeclClause:
		return r.declarations(c)
	}
	r.fail(cmd, "it has a construct that isn't followed")
	return Unknown, onward
}

func (r *reader) binary(c *syntax.BinaryCmd) (Truth, flow) {
	if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
		// A pipe: both run, each in a shell of its own, and the last one's status counts.
		first := r.apart(func() (Truth, flow) { return r.stmt(c.X) })
		status := r.apart(func() (Truth, flow) { return r.stmt(c.Y) })
		if first != True && r.bash && status == True {
			status = Unknown // there may be a pipefail
		}
		return r.checked(c, status, 0)
	}
	status, f := r.condition(func() (Truth, flow) { return r.stmt(c.X) })
	if f != onward {
		return status, f
	}
	decides, other := False, True
	if c.Op == syntax.OrStmt {
		decides, other = True, False
	}
	switch status {
	case decides:
		return decides, onward
	case other:
		return r.stmt(c.Y)
	}
	return r.either(func() (Truth, flow) {
		r.last = other
		return r.stmt(c.Y)
	}, skipped(decides))
}

func (r *reader) ifClause(c *syntax.IfClause) (Truth, flow) {
	if len(c.Cond) == 0 {
		return r.stmts(c.Then)
	}
	status, f := r.condition(func() (Truth, flow) { return r.stmts(c.Cond) })
	if f != onward {
		return status, f
	}
	otherwise := skipped(True)
	if c.Else != nil {
		otherwise = func() (Truth, flow) { return r.ifClause(c.Else) }
	}
	switch status {
	case True:
		return r.stmts(c.Then)
	case False:
		return otherwise()
	}
	return r.either(func() (Truth, flow) { return r.stmts(c.Then) }, otherwise)
}

func (r *reader) caseClause(c *syntax.CaseClause) (Truth, flow) {
	subject := r.word(c.Word)
	var ways []func() (Truth, flow)
	for _, item := range c.Items {
		matched := r.matchesAny(item.Patterns, subject)
		if item.Op != syntax.Break {
			r.fail(item, "it has a case that isn't left at its end")
		}
		if matched == False {
			continue
		}
		way := func() (Truth, flow) { return r.stmts(item.Stmts) }
		if matched == True && len(ways) == 0 {
			return way()
		}
		if ways = append(ways, way); matched == True {
			return r.either(ways...)
		}
	}
	if len(ways) == 0 {
		return True, onward
	}
	return r.either(append(ways, skipped(True))...)
}

func (r *reader) matchesAny(patterns []*syntax.Word, subject value) Truth {
	matched := False
	for _, p := range patterns {
		switch m := r.matches(p, subject); {
		case m == True:
			return True
		case m == Unknown:
			matched = Unknown
		}
	}
	return matched
}

// matches reports whether a pattern of a case matches.
func (r *reader) matches(pattern *syntax.Word, subject value) Truth {
	text, known := r.pattern(pattern)
	if text == "*" && known {
		return True
	}
	// A shell's brackets are not those of path.Match: [!a] and [[:digit:]].
	if !known || !subject.known || strings.Contains(text, "[") {
		return Unknown
	}
	ok, err := path.Match(text, subject.text)
	if err != nil {
		return Unknown
	}
	// path.Match stops at slashes and a shell doesn't.
	if !ok && containsSlash(subject.text) && isGlob(text) {
		return Unknown
	}
	return truth(ok)
}
