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
	if r.err != nil {
		return Unknown, leaveScript
	}
	for _, redir := range s.Redirs {
		r.redirect(redir, s)
	}
	status, f := r.command(s.Cmd)
	if s.Negated {
		status = status.not()
	}
	if s.Background || s.Coprocess {
		return True, onward
	}
	return status, f
}

func (r *reader) redirect(redir *syntax.Redirect, s *syntax.Stmt) {
	if redir.Hdoc != nil {
		r.word(redir.Hdoc)
	}
	if redir.Word == nil {
		return
	}
	to := r.word(redir.Word)
	op := ">"
	switch redir.Op {
	case syntax.RdrIn, syntax.DplIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
		return
	case syntax.DplOut:
		if to.known && strings.Trim(to.text, "0123456789-") == "" {
			return
		}
	case syntax.AppOut, syntax.AppAll:
		op = ">>"
	}
	if !to.known || to.text != "/dev/null" {
		r.call(redir.Word, []value{{text: op, known: true}, to, r.printed(s)})
	}
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

func (r *reader) command(cmd syntax.Command) (Truth, flow) {
	switch c := cmd.(type) {
	case nil:
		return True, onward
	case *syntax.CallExpr:
		return r.simple(c)
	case *syntax.Block:
		return r.stmts(c.Stmts)
	case *syntax.Subshell:
		status, f := Unknown, onward
		r.apart(func() { status, f = r.stmts(c.Stmts) })
		if f != onward {
			status = Unknown
		}
		return status, onward
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
		if c.Name == nil || c.Body == nil {
			r.fail(c, "it has a function without a name")
			return Unknown, onward
		}
		if old := r.functions[c.Name.Value]; old != nil && old != c.Body && r.maybe > 0 {
			r.fail(c, "it has two functions of one name")
		}
		r.functions[c.Name.Value] = c.Body
		return True, onward
	case *syntax.DeclClause:
		for _, a := range c.Args {
			r.assignment(a)
		}
		return True, onward
	}
	r.fail(cmd, "it has a construct that isn't followed")
	return Unknown, onward
}

func (r *reader) assignment(a *syntax.Assign) {
	switch {
	case a.Name == nil || a.Naked:
	case a.Array != nil || a.Index != nil || a.Append:
		r.assign(a.Name.Value, value{})
	case a.Value == nil:
		r.assign(a.Name.Value, value{known: true})
	default:
		r.assign(a.Name.Value, r.word(a.Value))
	}
}

func (r *reader) binary(c *syntax.BinaryCmd) (Truth, flow) {
	if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
		// A pipe: both run, each in a shell of its own.
		r.apart(func() { r.stmt(c.X) })
		r.apart(func() { r.stmt(c.Y) })
		return Unknown, onward
	}
	status, f := r.stmt(c.X)
	if f != onward {
		return status, f
	}
	if c.Op == syntax.OrStmt {
		status = status.not()
	}
	switch status {
	case False:
		return truth(c.Op == syntax.OrStmt), onward
	case True:
		return r.stmt(c.Y)
	}
	r.either(func() flow { _, f := r.stmt(c.Y); return f })
	return Unknown, onward
}

func (r *reader) ifClause(c *syntax.IfClause) (Truth, flow) {
	if len(c.Cond) == 0 {
		return r.stmts(c.Then)
	}
	status, f := r.stmts(c.Cond)
	if f != onward {
		return status, f
	}
	switch {
	case status == True:
		return r.stmts(c.Then)
	case status == False && c.Else == nil:
		return True, onward
	case status == False:
		return r.ifClause(c.Else)
	}
	r.either(
		func() flow { _, f := r.stmts(c.Then); return f },
		func() flow {
			if c.Else == nil {
				return onward
			}
			_, f := r.ifClause(c.Else)
			return f
		},
	)
	return Unknown, onward
}

func (r *reader) caseClause(c *syntax.CaseClause) (Truth, flow) {
	subject := r.word(c.Word)
	for _, item := range c.Items {
		matched := False
		for _, p := range item.Patterns {
			switch m := r.matches(p, subject); {
			case m == True:
				matched = True
			case m == Unknown && matched == False:
				matched = Unknown
			}
		}
		if item.Op != syntax.Break {
			matched = Unknown
		}
		switch matched {
		case True:
			return r.stmts(item.Stmts)
		case Unknown:
			r.either(func() flow { _, f := r.stmts(item.Stmts); return f })
		}
	}
	return Unknown, onward
}

// matches reports whether a pattern of a case matches.
func (r *reader) matches(pattern *syntax.Word, subject value) Truth {
	text, known := r.pattern(pattern)
	if text == "*" && known {
		return True
	}
	if !known || !subject.known {
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

// maxRounds limits the words of a loop that are read one by one.
const maxRounds = 64

func (r *reader) forClause(c *syntax.ForClause) (Truth, flow) {
	loop, ok := c.Loop.(*syntax.WordIter)
	if !ok || c.Select {
		r.fail(c, "it has a loop that isn't followed")
		return Unknown, onward
	}
	words, certain := r.args, !r.lost
	if loop.InPos.IsValid() {
		words, certain = r.fields(loop.Items), true
	}
	certain = certain && len(words) <= maxRounds
	for _, w := range words {
		certain = certain && w.known
	}
	if !certain {
		r.forget(c)
		r.either(func() flow { r.vars[loop.Name.Value] = value{}; _, f := r.stmts(c.Do); return f })
		return Unknown, onward
	}
	before := r.maybe
	for _, w := range words {
		r.assign(loop.Name.Value, w)
		_, f := r.stmts(c.Do)
		if f == leaveLoop {
			break
		}
		if f != onward {
			return Unknown, f
		}
		if hasJump(c) {
			// Some later round may not come.
			r.maybe = before + 1
		}
	}
	r.maybe = before
	return Unknown, onward
}

func (r *reader) whileClause(c *syntax.WhileClause) (Truth, flow) {
	r.forget(c)
	r.either(func() flow { _, f := r.stmts(c.Cond); return f }, func() flow { _, f := r.stmts(c.Do); return f })
	return Unknown, onward
}

// forget takes the values from all variables that a loop sets.
func (r *reader) forget(loop syntax.Node) {
	r.maybe++
	syntax.Walk(loop, func(n syntax.Node) bool {
		if a, ok := n.(*syntax.Assign); ok && a.Name != nil {
			r.assign(a.Name.Value, value{})
		}
		return true
	})
	r.maybe--
}

func hasJump(loop syntax.Node) bool {
	found := false
	syntax.Walk(loop, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			switch call.Args[0].Lit() {
			case "break", "continue", "exit", "return":
				found = true
			}
		}
		return true
	})
	return found
}
