// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// maxDepth limits functions that call functions.
const maxDepth = 16

// simple reads a command with its arguments.
func (r *reader) simple(c *syntax.CallExpr) (Truth, flow) {
	args := r.fields(c.Args)
	if len(args) == 0 {
		for _, a := range c.Assigns {
			r.assignment(a)
		}
		return True, onward
	}
	for _, a := range c.Assigns {
		if a.Value != nil {
			r.word(a.Value)
		}
	}
	if !args[0].known {
		return r.call(c, args), onward
	}
	if body := r.functions[args[0].text]; body != nil {
		return r.function(c, body, args[1:])
	}
	switch name := args[0].text; name {
	case ":", "true":
		return True, onward
	case "false":
		return False, onward
	case "[", "test":
		return r.test(args), onward
	case "exit":
		return Unknown, leaveScript
	case "return":
		return r.returned(args), leaveFunction
	case "break", "continue":
		return True, leaveLoop
	case "shift":
		r.shift()
		return True, onward
	case "set":
		return r.set(c, args)
	case "unset", "read":
		for _, a := range args[1:] {
			r.vars[a.text] = value{known: name == "unset" && r.maybe == 0}
		}
		return Unknown, onward
	case "echo", "printf", "umask", "cd", "wait":
		return Unknown, onward
	}
	return r.call(c, args), onward
}

func (r *reader) returned(args []value) Truth {
	if len(args) > 1 && args[1].known {
		return truth(args[1].text == "0")
	}
	return Unknown
}

func (r *reader) shift() {
	switch {
	case r.maybe > 0:
		r.lost = true
	case len(r.args) > 0:
		r.args = r.args[1:]
	}
}

// set changes options, which doesn't matter here, or the arguments.
func (r *reader) set(c *syntax.CallExpr, args []value) (Truth, flow) {
	if i := slices.IndexFunc(args, func(a value) bool { return a.text == "--" || !a.known }); i >= 0 {
		if !args[i].known {
			r.fail(c, "it sets arguments that aren't known")
			return Unknown, onward
		}
		r.args = args[i+1:]
		r.lost = r.lost || r.maybe > 0
	}
	return True, onward
}

func (r *reader) function(c *syntax.CallExpr, body *syntax.Stmt, args []value) (Truth, flow) {
	if r.depth == maxDepth {
		r.fail(c, "its functions call each other without an end")
		return Unknown, onward
	}
	r.depth++
	old, lost := r.args, r.lost
	r.args, r.lost = args, false
	status, f := r.stmt(body)
	r.args, r.lost = old, lost
	r.depth--
	if f == leaveScript {
		return status, f
	}
	if f != onward || hasJump(body) {
		return Unknown, onward
	}
	return status, onward
}

// test follows test(1) where it needs no more than the words.
func (r *reader) test(args []value) Truth {
	if args[0].text == "[" {
		if len(args) < 2 || args[len(args)-1].text != "]" {
			return Unknown
		}
		args = args[:len(args)-1]
	}
	return r.expression(args[1:])
}

func (r *reader) expression(args []value) Truth {
	for _, op := range []string{"-o", "-a"} {
		if i := slices.IndexFunc(args, func(a value) bool { return a.known && a.text == op }); i > 0 && i < len(args)-1 {
			left, right := r.expression(args[:i]), r.expression(args[i+1:])
			if op == "-o" {
				return or(left, right)
			}
			return or(left.not(), right.not()).not()
		}
	}
	if len(args) > 0 && args[0].known && args[0].text == "!" {
		return r.expression(args[1:]).not()
	}
	switch len(args) {
	case 0:
		return False
	case 1:
		return r.unary("-n", args[0])
	case 2:
		if args[0].known {
			return r.unary(args[0].text, args[1])
		}
	case 3:
		if args[1].known {
			return compare(args[1].text, args[0], args[2])
		}
	}
	return Unknown
}

func or(a, b Truth) Truth {
	switch {
	case a == True || b == True:
		return True
	case a == False && b == False:
		return False
	default:
		return Unknown
	}
}

func (r *reader) unary(op string, v value) Truth {
	switch {
	case !v.known:
		return Unknown
	case op == "-n":
		return truth(v.text != "")
	case op == "-z":
		return truth(v.text == "")
	case slices.Contains([]string{"-e", "-f", "-d", "-x", "-r", "-s", "-L", "-h", "-w"}, op) && r.opt.Test != nil:
		return r.opt.Test(op, v.text)
	}
	return Unknown
}

func compare(op string, a, b value) Truth {
	if !a.known || !b.known {
		return Unknown
	}
	switch op {
	case "=", "==":
		return truth(a.text == b.text)
	case "!=":
		return truth(a.text != b.text)
	}
	return Unknown
}
