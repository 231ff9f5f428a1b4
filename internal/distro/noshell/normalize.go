// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// A normalizer changes a script where the library and a shell differ, so that they
// don't:
//
//   - Under set -e the library ends a script where a compound command has a status
//     other than 0, be it only because of a list such as "[ -e file ] && command", which
//     doesn't count. So a compound command that others follow ends well if it ends.
//   - The library forgets in a subshell that set -e doesn't count in a condition. So
//     subshells in conditions turn it off, and each function has a second form, which
//     conditions call. It counts set -e in what is negated.
//   - In a subshell it knows neither return nor local.
//   - The last part of a pipe isn't a subshell to it.
//   - It shifts arguments that aren't there without a word, goes on after an expression
//     that has no value, changes what readonly has named, and leaves out empty fields.
type normalizer struct {
	is dialect
	// known is what the script has elsewhere, too.
	*scriptNames
	// splits says that the script has other separators of words.
	splits bool
	err    error
}

// scriptNames are names of a script, wherever they stand in it.
type scriptNames struct {
	// functions have a second form.
	functions map[string]bool
	// readonly are variables that readonly is about.
	readonly []string
}

// A place is where a command stands: whether set -e counts, and whether it is in a
// subshell of a function.
type place struct{ tested, sub bool }

const (
	// tested marks the name of a command in a condition, and the second form of a function.
	tested     = "tested:"
	testedForm = "__tested"
)

func (n *normalizer) list(list []*syntax.Stmt, at place) []*syntax.Stmt {
	var out []*syntax.Stmt
	for i, s := range list {
		if i+1 < len(list) && !s.Negated && !looksAtStatus(list[i+1]) {
			settle(s.Cmd)
		}
		if f, ok := s.Cmd.(*syntax.FuncDecl); ok {
			if second := n.secondForm(f); second != nil {
				out = append(out, second)
			}
		}
		n.stmt(s, at)
		out = append(out, s)
	}
	return out
}

// secondForm is the function for conditions.
func (n *normalizer) secondForm(f *syntax.FuncDecl) *syntax.Stmt {
	name := f.Name.Value
	if strings.HasSuffix(name, testedForm) {
		return nil
	}
	n.functions[name] = true
	var text strings.Builder
	if err := syntax.NewPrinter().Print(&text, f); err != nil {
		n.err = err
		return nil
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text.String()), "")
	if err != nil || len(file.Stmts) != 1 {
		n.err = fmt.Errorf("a function isn't followed: %w", err)
		return nil
	}
	second, ok := file.Stmts[0].Cmd.(*syntax.FuncDecl)
	if !ok {
		n.err = refuse(notFollowed)
		return nil
	}
	second.Name.Value += testedForm
	n.stmt(second.Body, place{tested: true})
	return file.Stmts[0]
}

func (n *normalizer) stmt(s *syntax.Stmt, at place) {
	for _, r := range s.Redirs {
		n.words(r, at)
	}
	negated := s.Negated && !at.tested
	at.tested = at.tested || s.Negated
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		n.words(c, at)
		n.call(s, c, at)
	case *syntax.DeclClause:
		n.words(c, at)
		if c.Variant.Value == "local" && at.sub {
			s.Cmd = assignments(c)
		}
	case *syntax.Block:
		c.Stmts = n.list(c.Stmts, at)
	case *syntax.Subshell:
		c.Stmts = n.subshell(c.Stmts, at)
	case *syntax.BinaryCmd:
		n.binary(c, at)
	case *syntax.IfClause:
		n.ifClause(c, at)
	case *syntax.WhileClause:
		c.Cond = n.list(c.Cond, place{tested: true, sub: at.sub})
		c.Do = n.list(c.Do, at)
	case *syntax.ForClause:
		n.words(c.Loop, at)
		c.Do = n.list(c.Do, at)
	case *syntax.CaseClause:
		n.words(c.Word, at)
		for _, item := range c.Items {
			item.Stmts = n.list(item.Stmts, at)
		}
	case *syntax.FuncDecl:
		n.stmt(c.Body, place{})
	case nil:
	default:
		n.words(c, at)
	}
	n.guardReadonly(s)
	n.guardSplit(s)
	n.guardQuoted(s)
	if negated {
		uncounted(s)
	}
}

// uncounted makes what is negated the left side of a list, where set -e doesn't count to
// the library, either. Redirections alone are no command.
func uncounted(s *syntax.Stmt) {
	if s.Cmd == nil {
		return
	}
	list := &syntax.BinaryCmd{Op: syntax.AndStmt, X: &syntax.Stmt{Cmd: s.Cmd, Position: s.Position}, Y: words(":"), OpPos: s.Position}
	s.Cmd = &syntax.Block{Stmts: []*syntax.Stmt{{Cmd: list, Position: s.Position}}}
}

func (n *normalizer) ifClause(c *syntax.IfClause, at place) {
	for part := c; part != nil; part = part.Else {
		part.Cond = n.list(part.Cond, place{tested: true, sub: at.sub})
		part.Then = n.list(part.Then, at)
	}
}

func (n *normalizer) subshell(list []*syntax.Stmt, at place) []*syntax.Stmt {
	list = n.list(list, place{tested: at.tested, sub: true})
	if at.tested {
		list = append([]*syntax.Stmt{words("set", "+e")}, list...)
	}
	return list
}

func (n *normalizer) binary(c *syntax.BinaryCmd, at place) {
	if c.Op == syntax.AndStmt || c.Op == syntax.OrStmt {
		n.stmt(c.X, place{tested: true, sub: at.sub})
		n.stmt(c.Y, at)
		return
	}
	for _, side := range []**syntax.Stmt{&c.X, &c.Y} {
		s := *side
		if isProgram(s) {
			n.stmt(s, place{tested: at.tested, sub: true})
			continue
		}
		if b, ok := s.Cmd.(*syntax.BinaryCmd); ok && (b.Op == syntax.Pipe || b.Op == syntax.PipeAll) && side == &c.X {
			n.stmt(s, at)
			continue
		}
		// Without places, two parentheses are printed together, which is arithmetic.
		*side = &syntax.Stmt{Position: s.Position, Cmd: &syntax.Subshell{Lparen: s.Pos(), Rparen: s.End(), Stmts: n.subshell([]*syntax.Stmt{s}, at)}}
	}
}

// isProgram reports whether a command is a plain one that changes nothing in a shell.
func isProgram(s *syntax.Stmt) bool {
	c, ok := s.Cmd.(*syntax.CallExpr)
	return ok && !s.Negated && len(c.Args) > 0 && len(c.Assigns) == 0 && (Basic()[c.Args[0].Lit()] != nil || c.Args[0].Lit() == "echo")
}

// words normalizes the commands in words.
func (n *normalizer) words(part syntax.Node, at place) {
	if part == nil {
		return
	}
	syntax.Walk(part, func(node syntax.Node) bool {
		if exp, ok := node.(*syntax.ArithmExp); ok {
			exp.X = n.expression(exp.X, at)
			return false
		}
		sub, ok := node.(*syntax.CmdSubst)
		if !ok {
			return true
		}
		// In a word set -e counts to dash, whatever is around, and not to bash.
		sub.Stmts = n.subshell(sub.Stmts, place{tested: n.is == bash, sub: at.sub})
		return false
	})
}

// call normalizes a command by its name.
func (n *normalizer) call(s *syntax.Stmt, c *syntax.CallExpr, at place) {
	if len(c.Args) == 0 {
		return
	}
	lit, ok := c.Args[0].Parts[0].(*syntax.Lit)
	if !ok || len(c.Args[0].Parts) != 1 {
		return
	}
	switch name := lit.Value; {
	case name == "return":
		if len(c.Args) == 1 {
			c.Args = append(c.Args, quoted(&syntax.ParamExp{Short: true, Param: &syntax.Lit{Value: "?"}}))
		}
		if at.sub {
			lit.Value = "exit"
		}
	case name == "trap" && at.sub && n.err == nil:
		n.err = refuse("it has a trap in a subshell")
	case (name == ":" || name == "exec") && len(s.Redirs) > 0:
		endWithout(s)
	case name == "shift":
		guardShift(s, c)
	case name == "read":
		n.guardRead(s, c)
	case at.tested && !interp.IsBuiltin(name) && !strings.Contains(name, `\`):
		lit.Value = tested + name
	}
}

// assignments are what a declaration assigns.
func assignments(c *syntax.DeclClause) syntax.Command {
	out := &syntax.CallExpr{}
	for _, a := range c.Args {
		if a.Name != nil && !a.Naked {
			out.Assigns = append(out.Assigns, a)
		}
	}
	if len(out.Assigns) == 0 {
		return words(":").Cmd
	}
	return out
}

// looksAtStatus reports whether a command uses $?, or ends with the status before it.
func looksAtStatus(s *syntax.Stmt) bool {
	found := false
	syntax.Walk(s, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) == 1 {
			found = found || c.Args[0].Lit() == "return" || c.Args[0].Lit() == "exit"
		}
		if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil && p.Param.Value == "?" {
			found = true
		}
		return !found
	})
	return found
}

// settle gives a compound command the status 0.
func settle(c syntax.Command) {
	switch c := c.(type) {
	case *syntax.Block:
		c.Stmts = append(c.Stmts, words(":"))
	case *syntax.IfClause:
		for part := c; part != nil; part = part.Else {
			part.Then = append(part.Then, words(":"))
		}
	case *syntax.WhileClause:
		c.Do = append(c.Do, words(":"))
	case *syntax.ForClause:
		c.Do = append(c.Do, words(":"))
	case *syntax.CaseClause:
		for _, item := range c.Items {
			item.Stmts = append(item.Stmts, words(":"))
		}
	}
}

// endWithout ends a shell where a command of its own can't open its output.
func endWithout(s *syntax.Stmt) {
	opened := &syntax.Stmt{Cmd: s.Cmd, Redirs: s.Redirs, Position: s.Position}
	end := words("exit", "2")
	s.Cmd, s.Redirs = &syntax.BinaryCmd{Op: syntax.OrStmt, X: opened, Y: end, OpPos: s.Position}, nil
	if s.Negated {
		s.Cmd = &syntax.Block{Stmts: []*syntax.Stmt{{Cmd: s.Cmd, Position: s.Position}}}
	}
}

// words is a command of some words.
func words(all ...string) *syntax.Stmt {
	call := &syntax.CallExpr{}
	for _, w := range all {
		call.Args = append(call.Args, &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: w}}})
	}
	return &syntax.Stmt{Cmd: call}
}

// guardShift looks whether there is something to shift.
func guardShift(s *syntax.Stmt, call *syntax.CallExpr) {
	if len(call.Args) > 2 || len(call.Assigns) > 0 {
		return // rule refuses it
	}
	text := fmt.Sprintf(`{ strata_shift=1; [ $# -ge "$strata_shift" ] || %sshift; shell_shift "$strata_shift"; }`, own)
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return
	}
	if len(call.Args) == 2 {
		file.Stmts[0].Cmd.(*syntax.Block).Stmts[0].Cmd.(*syntax.CallExpr).Assigns[0].Value = call.Args[1] //nolint:forcetypeassert // see the text
	}
	s.Cmd = file.Stmts[0].Cmd
}

// normalize changes a script, and adds its names to those that are known.
func normalize(file *syntax.File, is dialect, k *scriptNames) error {
	k.readonly = append(k.readonly, readonlyNames(file)...)
	n := &normalizer{is: is, scriptNames: k, splits: setsSeparators(file)}
	keepQuotes(file)
	file.Stmts = n.list(file.Stmts, place{})
	if n.err != nil {
		return refuse("it can't be read: %v", n.err)
	}
	return nil
}

// printed is a script as a text.
func printed(file *syntax.File) (string, error) {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, file); err != nil {
		return "", refuse("it can't be read: %v", err)
	}
	return b.String(), nil
}

// testedName is the command that a name in a condition stands for.
func (r *run) testedName(name string) string {
	name, marked := strings.CutPrefix(name, tested)
	r.mu.Lock()
	defer r.mu.Unlock()
	if marked && r.functions[name] {
		return name + testedForm
	}
	return name
}
