// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A Call is a command that a script may run.
type Call struct {
	// Args are the command's name and arguments. One that isn't known is empty
	// and has no true in Known. A file that output goes to is a call of ">", or of
	// ">>" where it is added, with the file's name and the output.
	Args  []string
	Known []bool
	// Maybe says that it depends on something unknown whether it is run.
	Maybe bool
	// Text is the command as the script has it, and Line where.
	Text string
	Line int
}

// AllKnown reports whether every argument is.
func (c Call) AllKnown() bool {
	for _, known := range c.Known {
		if !known {
			return false
		}
	}
	return true
}

// Truth is what is known of a condition.
type Truth int

// The truths.
const (
	Unknown Truth = iota
	True
	False
)

func (t Truth) not() Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	default:
		return Unknown
	}
}

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Options say how a script is called.
type Options struct {
	// Args are the script's arguments.
	Args []string
	// Env are variables that it sees.
	Env map[string]string
	// Test tells what test(1) says of a file, given an operator such as -x. Nil
	// means that nothing is known.
	Test func(op, file string) Truth
	// Do is told of each command that is certainly run, when it is, and says
	// whether it succeeds. It may do what the command would: the tests after it
	// then see that. Nil means that nothing is known of commands.
	Do func(Call) Truth
}

// ErrUnreadable is in errors about scripts that can't be followed.
var ErrUnreadable = errors.New("the script can't be followed")

// maxCalls and maxSteps limit how much of a script is followed.
const (
	maxCalls = 10_000
	maxSteps = 100_000
)

// Calls lists what a script may run. Only shell scripts can be followed.
func Calls(script string, opt Options) ([]Call, error) {
	lang := syntax.LangPOSIX
	first, _, _ := strings.Cut(script, "\n")
	words := strings.Fields(strings.TrimPrefix(first, "#!"))
	switch {
	case !strings.HasPrefix(first, "#!") || len(words) == 0:
		return nil, fmt.Errorf("%w: it doesn't name an interpreter", ErrUnreadable)
	case words[0] == "/bin/sh", words[0] == "/bin/dash":
	case words[0] == "/bin/bash", words[0] == "/usr/bin/bash":
		lang = syntax.LangBash
	default:
		return nil, fmt.Errorf("%w: it is for %s", ErrUnreadable, words[0])
	}
	file, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(script), "")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	r := &reader{opt: opt, vars: map[string]value{}, functions: map[string]*syntax.Stmt{}, args: known(opt.Args)}
	for name, text := range opt.Env {
		r.vars[name] = value{text: text, known: true}
	}
	r.stmts(file.Stmts)
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, r.err)
	}
	return r.calls, nil
}

// A reader follows one script.
type reader struct {
	opt  Options
	vars map[string]value
	args []value
	// lost says that the arguments aren't known any more.
	lost      bool
	functions map[string]*syntax.Stmt
	calls     []Call
	// maybe counts the unknown conditions that what is read depends on.
	maybe int
	// depth counts the functions that are being read.
	depth int
	// steps counts the statements that were read.
	steps int
	err   error
}

// A value is a text if it is known.
type value struct {
	text  string
	known bool
}

func known(texts []string) []value {
	var out []value
	for _, text := range texts {
		out = append(out, value{text: text, known: true})
	}
	return out
}

// A flow is how reading goes on after a command.
type flow int

const (
	onward flow = iota
	leaveLoop
	leaveFunction
	leaveScript
)

func (r *reader) fail(node syntax.Node, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("line %d: %s", node.Pos().Line(), what)
	}
}

func (r *reader) call(node syntax.Node, args []value) Truth {
	if len(r.calls) == maxCalls {
		r.fail(node, "it runs too much")
		return Unknown
	}
	c := Call{Maybe: r.maybe > 0, Line: int(node.Pos().Line())}
	var text strings.Builder
	if err := syntax.NewPrinter(syntax.SingleLine(true)).Print(&text, node); err == nil {
		c.Text = text.String()
	}
	for _, a := range args {
		c.Args, c.Known = append(c.Args, a.text), append(c.Known, a.known)
	}
	r.calls = append(r.calls, c)
	if c.Maybe || r.opt.Do == nil || r.err != nil {
		return Unknown
	}
	return r.opt.Do(c)
}

// assign gives a variable a value; within something that may not run it isn't
// known afterwards.
func (r *reader) assign(name string, v value) {
	if r.maybe > 0 {
		v = value{}
	}
	r.vars[name] = v
}

// either reads parts of which an unknown one is run, or none.
func (r *reader) either(parts ...func() flow) {
	r.maybe++
	for _, part := range parts {
		part()
	}
	r.maybe--
}

// apart reads something in a shell of its own.
func (r *reader) apart(part func()) {
	vars, args, lost := maps.Clone(r.vars), r.args, r.lost
	part()
	r.vars, r.args, r.lost = vars, args, lost
}
