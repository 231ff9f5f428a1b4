// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import "mvdan.cc/sh/v3/syntax"

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
	if certain {
		return r.rounds(c, loop.Name.Value, words)
	}
	r.forget(c)
	return r.inLoop(func() (Truth, flow) {
		return r.either(func() (Truth, flow) {
			r.assign(loop.Name.Value, value{})
			return r.stmts(c.Do)
		}, skipped(True))
	})
}

// inLoop reads a loop, whose way out by break ends it well.
func (r *reader) inLoop(read func() (Truth, flow)) (Truth, flow) {
	loop := &frame{}
	status, f := r.within(func() (Truth, flow) {
		r.loop = loop
		return read()
	})
	if f == onward {
		return status, onward
	}
	if !loop.left {
		return status, f
	}
	r.left(f) // it may have been left by a break before
	return True, onward
}

// rounds reads a loop over words that are known.
func (r *reader) rounds(c *syntax.ForClause, name string, words []value) (Truth, flow) {
	return r.inLoop(func() (Truth, flow) {
		status := True
		for _, w := range words {
			r.loop.left = r.loop.broken
			r.assign(name, w)
			s, f := r.stmts(c.Do)
			switch f {
			case leaveLoop:
				return True, onward
			case nextRound:
				s = True
			case onward:
			default:
				if !r.loop.left {
					return s, f
				}
				r.fail(c, "it may leave a loop in two ways")
			}
			if r.loop.left {
				s = join(s, True)
			}
			if status = s; r.loop.broken {
				status = join(s, True)
			}
		}
		return status, onward
	})
}

func (r *reader) whileClause(c *syntax.WhileClause) (Truth, flow) {
	r.forget(c)
	return r.inLoop(func() (Truth, flow) {
		// The condition is read at least once.
		status, f := r.condition(func() (Truth, flow) { return r.stmts(c.Cond) })
		switch {
		case f == leaveLoop || f == nextRound:
			r.fail(c, "its condition leaves a loop")
			return Unknown, onward
		case f != onward:
			return status, f
		case status == truth(c.Until):
			return True, onward
		}
		return r.either(func() (Truth, flow) { return r.stmts(c.Do) }, skipped(True))
	})
}

// forget takes the values from all that a loop may set.
func (r *reader) forget(loop syntax.Node) {
	set, calls := sets(loop)
	if calls && len(r.functions) > 0 {
		for _, body := range r.functions {
			more, _ := sets(body)
			set = append(set, more...)
		}
	}
	for _, name := range set {
		switch name {
		case optionsAndArguments:
			r.lost = true
			if r.errexit != Unknown {
				r.errexit = Unknown
			}
		default:
			r.vars[name] = value{}
		}
	}
}

// optionsAndArguments stands among names for what set and shift change.
const optionsAndArguments = "$@"

// sets lists the names of variables that are set somewhere in a part of a script;
// calls reports whether it calls anything, which may be a function.
func sets(part syntax.Node) (names []string, calls bool) {
	syntax.Walk(part, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			if n.Name != nil {
				names = append(names, n.Name.Value)
			}
		case *syntax.WordIter:
			names = append(names, n.Name.Value)
		case *syntax.CallExpr:
			if len(n.Args) == 0 {
				return true
			}
			calls = true
			switch n.Args[0].Lit() {
			case "set", "shift":
				names = append(names, optionsAndArguments)
			case "read", "export", "local", "unset", "readonly", "getopts":
				for _, w := range n.Args[1:] {
					names = append(names, variableName(w))
				}
			}
		}
		return true
	})
	return names, calls
}

// variableName is the name in a word such as NAME or NAME=value.
func variableName(w *syntax.Word) string {
	if len(w.Parts) == 0 {
		return ""
	}
	lit, ok := w.Parts[0].(*syntax.Lit)
	if !ok {
		return ""
	}
	name, _ := cutAssignment(lit.Value)
	return name
}
