// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// jumps is what reads a command after which the next one isn't run; nil for others.
func (r *reader) jumps(name string) func(*syntax.CallExpr, []value) (Truth, flow) {
	switch name {
	case "exit":
		return r.exit
	case "return":
		return r.returns
	case "break", "continue":
		return r.leaves
	}
	return nil
}

func (r *reader) exit(c *syntax.CallExpr, args []value) (Truth, flow) {
	status, code := r.statusOf(c, args)
	r.shell.end(status, code, int(c.Pos().Line()))
	return status, leaveShell
}

func (r *reader) returns(c *syntax.CallExpr, args []value) (Truth, flow) {
	if r.fn == nil {
		r.fail(c, "it returns, and isn't in a function")
		return Unknown, leaveShell
	}
	status, code := r.statusOf(c, args)
	r.fn.end(status, code, int(c.Pos().Line()))
	return status, leaveFunction
}

func (r *reader) leaves(c *syntax.CallExpr, args []value) (Truth, flow) {
	if r.loop == nil || len(args) > 1 {
		r.fail(c, "it leaves a loop in a way that isn't followed")
		return Unknown, leaveShell
	}
	if args[0].text == "break" {
		return True, leaveLoop
	}
	return True, nextRound
}

// statusOf is the status that exit or return are given, or the one of the command
// before. The code is of one that isn't 0; it is 0 where it isn't known.
func (r *reader) statusOf(c *syntax.CallExpr, args []value) (status Truth, code int) {
	switch {
	case len(args) == 1:
		return r.last, 0
	case len(args) > 2:
		r.fail(c, "it gives more than one status")
		return Unknown, 0
	case isLastStatus(c.Args[1]):
		return r.last, 0
	case !args[1].known:
		return Unknown, 0
	case args[1].text == "" || strings.Trim(args[1].text, "0123456789") != "":
		if args[0].text == "return" {
			r.fail(c, "it returns something that isn't a number")
		}
		return False, 0
	}
	n, err := strconv.ParseUint(args[1].text, 10, 31)
	if err != nil {
		return Unknown, 0
	}
	return truth(n&0xff == 0), int(n & 0xff)
}

// isLastStatus reports whether a word is $?.
func isLastStatus(w *syntax.Word) bool {
	if len(w.Parts) != 1 {
		return false
	}
	part := w.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	return ok && p.Param != nil && p.Param.Value == "?" && p.Exp == nil && !p.Length && !p.Excl
}

// leavesEarly reports whether a command has a way out of a loop or a function in it. There may be
// none: a statement can be nothing but redirections.
func leavesEarly(cmd syntax.Command) bool {
	if cmd == nil {
		return false
	}
	found := false
	syntax.Walk(cmd, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			switch call.Args[0].Lit() {
			case "break", "continue", "return":
				found = true
			}
		}
		return true
	})
	return found
}
