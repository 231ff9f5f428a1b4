// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"maps"

	"mvdan.cc/sh/v3/syntax"
)

// A flow is how reading goes on after a command.
type flow int

const (
	onward flow = iota
	nextRound
	leaveLoop
	leaveFunction
	leaveShell
)

// A frame is something that is left early by a command in it: a shell by exit, a
// function by return, a loop by break, or one round of it by continue.
type frame struct {
	// left says that a way out may have been taken: what follows in it may not run.
	left bool
	// broken says so of all rounds of a loop.
	broken bool
	// ended says that status is known of at least one way out.
	ended  bool
	status Truth
	// line is that of the first way out with another status than 0, and code the status
	// if all of them have the same; it is 0 where it isn't known.
	code, line int
	// old are values of local variables, as they were before.
	old map[string]value
}

// end notes a way out with a status.
func (f *frame) end(status Truth, code, line int) {
	switch {
	case status == True:
	case f.line == 0:
		f.code, f.line = code, line
	case f.code != code:
		f.code = 0
	}
	if f.ended {
		status = join(f.status, status)
	}
	f.ended, f.status = true, status
}

// join is the status after one of two.
func join(a, b Truth) Truth {
	if a == b {
		return a
	}
	return Unknown
}

// uncertain reports whether what is read now may not be run.
func (r *reader) uncertain() bool {
	return r.maybe > 0 || r.shell.left || r.fn != nil && r.fn.left || r.loop != nil && r.loop.left
}

// left notes that a way out may have been taken.
func (r *reader) left(f flow) {
	switch f {
	case nextRound:
		r.loop.left = true
	case leaveLoop:
		r.loop.left, r.loop.broken = true, true
	case leaveFunction:
		r.fn.left = true
	case leaveShell:
		r.shell.left = true
	}
}

// mayFail notes that the shell may end here because of an error.
func (r *reader) mayFail(node syntax.Node) {
	r.shell.end(False, 0, int(node.Pos().Line()))
	r.shell.left = true
}

// checked is what becomes of a command's status under set -e.
func (r *reader) checked(node syntax.Node, status Truth, code int) (Truth, flow) {
	if r.errexit == False || r.tested > 0 || status == True {
		return status, onward
	}
	if status == Unknown {
		code = 0
	}
	r.shell.end(False, code, int(node.Pos().Line()))
	if status == False && r.errexit == True {
		return False, leaveShell
	}
	r.shell.left = true
	if r.errexit == True {
		return True, onward // or it would have ended
	}
	return status, onward
}

// condition reads something whose status set -e doesn't look at.
func (r *reader) condition(read func() (Truth, flow)) (Truth, flow) {
	r.tested++
	defer func() { r.tested-- }()
	return read()
}

// skipped is the part that stands for nothing being run.
func skipped(status Truth) func() (Truth, flow) {
	return func() (Truth, flow) { return status, onward }
}

// either reads parts of which an unknown one is run.
func (r *reader) either(parts ...func() (Truth, flow)) (Truth, flow) {
	r.maybe++
	last, status, same := r.last, Unknown, true
	var first flow
	on := 0
	for i, part := range parts {
		r.last = last
		s, f := part()
		r.left(f)
		if f == onward {
			if on++; on == 1 {
				status = s
			}
			status = join(status, s)
		}
		if i == 0 {
			first = f
		}
		same = same && f == first
	}
	r.maybe--
	if same && first != onward {
		return Unknown, first
	}
	return status, onward
}

// within reads something with frames of its own, and says how it is left.
func (r *reader) within(read func() (Truth, flow)) (Truth, flow) {
	shell, fn, loop, maybe := r.shell, r.fn, r.loop, r.maybe
	if r.uncertain() {
		r.maybe++
	}
	status, f := read()
	r.shell, r.fn, r.loop, r.maybe = shell, fn, loop, maybe
	return status, f
}

// apart reads something in a shell of its own.
func (r *reader) apart(read func() (Truth, flow)) Truth {
	vars, args, lost, errexit, nounset := maps.Clone(r.vars), r.args, r.lost, r.errexit, r.nounset
	status, _ := r.within(func() (Truth, flow) {
		r.shell, r.fn, r.loop = &frame{}, nil, nil
		status, f := read()
		if f == onward {
			r.shell.end(status, 0, 0)
		}
		return r.shell.status, onward
	})
	r.vars, r.args, r.lost, r.errexit, r.nounset = vars, args, lost, errexit, nounset
	return status
}
