// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxDepth limits functions that call functions.
const maxDepth = 16

// simple reads a command with its arguments.
func (r *reader) simple(c *syntax.CallExpr) (Truth, flow) {
	r.substituted = True
	args := r.fields(c.Args)
	if len(args) == 0 {
		for _, a := range c.Assigns {
			r.assignment(a)
		}
		return r.checked(c, r.substituted, 0)
	}
	for _, a := range c.Assigns {
		if a.Value != nil {
			r.word(a.Value)
		}
	}
	if !args[0].known {
		return r.checked(c, r.call(c, args), 0)
	}
	name := args[0].text
	body := r.functions[name]
	if len(c.Assigns) > 0 && (body != nil || isSpecial(name)) {
		r.fail(c, "it sets variables for a command of the shell")
	}
	if body != nil {
		return r.function(c, body, args[1:])
	}
	if jump := r.jumps(name); jump != nil {
		return jump(c, args)
	}
	status, code := r.builtin(c, args)
	return r.checked(c, status, code)
}

// isSpecial reports whether a command is a special one of the shell, before which
// an assignment stays, and which no function replaces.
func isSpecial(name string) bool {
	return slices.Contains([]string{
		":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times", "trap", "unset", "local",
	}, name)
}

// builtin reads a command that isn't a function, and that the next one follows. The
// code is the status where that is another than 0, and is known.
func (r *reader) builtin(c *syntax.CallExpr, args []value) (status Truth, code int) {
	switch args[0].text {
	case ":", "true", "echo", "printf", "umask":
		return True, 0
	case "false":
		return False, 1
	case "[", "test":
		return r.test(args), 1
	case "shift":
		return r.shift(c, args), 1
	case "set":
		r.set(c, args)
		return True, 0
	case "export", "local":
		return r.declared(c), 0
	case "unset", "read":
		for i, a := range args[1:] {
			if !a.known || strings.HasPrefix(a.text, "-") && (args[0].text == "unset" || i > 0) {
				r.fail(c, "it sets a variable whose name isn't known")
			}
			r.assign(a.text, value{unset: true, known: args[0].text == "unset"})
		}
		return truth(args[0].text == "unset").orUnknown(), 0
	case "cd":
		r.moved = true
		if len(args) != 2 {
			return Unknown, 0
		}
		return r.asked("-d", args[1]).orUnknown(), 0
	case "wait":
		if len(args) == 1 {
			return True, 0
		}
		return Unknown, 0
	}
	return r.call(c, args), 0
}

// orUnknown is true or unknown.
func (t Truth) orUnknown() Truth {
	if t == True {
		return True
	}
	return Unknown
}

// shift takes an argument away. Without one, dash ends and bash goes on.
func (r *reader) shift(c *syntax.CallExpr, args []value) Truth {
	if len(args) > 1 {
		r.fail(c, "it shifts by more than one")
		return Unknown
	}
	if r.lost = r.lost || r.uncertain(); !r.lost && len(r.args) > 0 {
		r.args = r.args[1:]
		return True
	}
	if !r.bash {
		r.mayFail(c)
		return True
	}
	if r.lost {
		return Unknown
	}
	return False
}

// set changes options or the arguments.
func (r *reader) set(c *syntax.CallExpr, args []value) {
	for i := 1; i < len(args); i++ {
		a := args[i]
		switch {
		case !a.known:
			r.fail(c, "it sets arguments that aren't known")
			return
		case a.text == "--":
			r.args = args[i+1:]
			r.lost = r.uncertain()
			return
		case len(a.text) > 1 && (a.text[0] == '-' || a.text[0] == '+'):
			for _, letter := range a.text[1:] {
				name := string(letter)
				if name == "o" {
					if i++; i >= len(args) {
						return
					}
					name = args[i].text
				}
				r.option(c, name, a.text[0] == '-')
			}
		default:
			r.fail(c, "it sets arguments that aren't known")
			return
		}
	}
}

// option turns an option of the shell on or off.
func (r *reader) option(c *syntax.CallExpr, name string, on bool) {
	switch name {
	case "e", "errexit":
		if r.errexit = truth(on); r.uncertain() {
			r.errexit = Unknown
		}
	case "u", "nounset":
		r.nounset = on || r.nounset && r.uncertain()
	case "a", "b", "f", "h", "m", "v", "x", "xtrace", "verbose", "noglob", "pipefail":
	default:
		r.fail(c, "it sets an option that isn't followed")
	}
}

func (r *reader) function(c *syntax.CallExpr, body *syntax.Stmt, args []value) (Truth, flow) {
	if r.depth == maxDepth {
		r.fail(c, "its functions call each other without an end")
		return Unknown, onward
	}
	r.depth++
	old, lost := r.args, r.lost
	r.args, r.lost = args, false
	fn := &frame{old: map[string]value{}}
	status, f := r.within(func() (Truth, flow) {
		r.fn, r.loop = fn, nil
		status, f := r.stmt(body)
		for name, v := range fn.old {
			r.vars[name] = v
		}
		if f == leaveShell {
			return status, f
		}
		if f == onward {
			fn.end(status, 0, 0)
		}
		return fn.status, onward
	})
	r.args, r.lost = old, lost
	r.depth--
	if f != onward && !fn.left {
		return status, f
	}
	if r.left(f); f != onward {
		status = fn.status // it may have returned before
	}
	return r.checked(c, status, 0)
}

// declare notes a function.
func (r *reader) declare(c *syntax.FuncDecl) (Truth, flow) {
	switch {
	case c.Name == nil || c.Body == nil:
		r.fail(c, "it has a function without a name")
	case isSpecial(c.Name.Value):
		r.fail(c, "it has a function in the place of a command of the shell")
	case r.uncertain():
		r.fail(c, "it has a function that may not be there")
	default:
		r.functions[c.Name.Value] = c.Body
	}
	return True, onward
}
