// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"errors"
	"fmt"
	"slices"
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
	// Test tells what test(1) says of a file, given an operator such as -x. The file is
	// empty where its name isn't known, and the answer then doesn't count. Nil means
	// that nothing is known.
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

// A Course is what becomes of a script.
type Course struct {
	// Calls are what it may run.
	Calls []Call
	// Succeeds says whether it ends with status 0.
	Succeeds Truth
	// Line is that of the first way out with another status, or one that isn't known,
	// and Code this status where it is known and the same for all ways; both are 0
	// where it succeeds.
	Code, Line int
	// Moved says that it changes its directory, or where programs are looked for.
	Moved bool
}

// Follow follows a script to its end. Only shell scripts can be followed.
func Follow(script string, opt Options) (Course, error) {
	r, err := newReader(script, opt)
	if err != nil {
		return Course{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	file, err := syntax.NewParser(syntax.Variant(r.lang())).Parse(strings.NewReader(script), "")
	if err != nil {
		return Course{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	status, f := r.stmts(file.Stmts)
	if r.err != nil {
		return Course{}, fmt.Errorf("%w: %w", ErrUnreadable, r.err)
	}
	if f == onward {
		line := 0
		if n := len(file.Stmts); n > 0 {
			line = int(file.Stmts[n-1].Pos().Line())
		}
		r.shell.end(status, 0, line)
	}
	c := Course{Calls: r.calls, Succeeds: r.shell.status, Moved: r.moved}
	if c.Succeeds != True {
		c.Code, c.Line = r.shell.code, r.shell.line
	}
	return c, nil
}

// newReader is for the interpreter that a script names.
func newReader(script string, opt Options) (*reader, error) {
	first, _, _ := strings.Cut(script, "\n")
	words := strings.Fields(strings.TrimPrefix(first, "#!"))
	if !strings.HasPrefix(first, "#!") || len(words) == 0 {
		return nil, errors.New("it doesn't name an interpreter")
	}
	r := &reader{
		opt: opt, vars: map[string]value{}, functions: map[string]*syntax.Stmt{}, args: known(opt.Args),
		shell: &frame{}, errexit: False, last: True,
	}
	switch words[0] {
	case "/bin/sh", "/bin/dash":
	case "/bin/bash", "/usr/bin/bash":
		r.bash = true
	default:
		return nil, fmt.Errorf("it is for %s", words[0])
	}
	for _, option := range words[1:] {
		letters, ok := strings.CutPrefix(option, "-")
		if !ok || letters == "" || strings.Trim(letters, "eux") != "" {
			return nil, fmt.Errorf("it is for %s", strings.Join(words, " "))
		}
		if strings.Contains(letters, "e") {
			r.errexit = True
		}
		r.nounset = r.nounset || strings.Contains(letters, "u")
	}
	for name, text := range opt.Env {
		r.vars[name] = value{text: text, known: true}
	}
	return r, nil
}

// A reader follows one script.
type reader struct {
	opt  Options
	bash bool
	vars map[string]value
	args []value
	// lost says that the arguments aren't known any more.
	lost      bool
	functions map[string]*syntax.Stmt
	calls     []Call
	// maybe counts the unknown conditions that what is read depends on.
	maybe int
	// shell, fn and loop are what is being read; there may be no function or loop.
	shell, fn, loop *frame
	// errexit and nounset are the options of set.
	errexit Truth
	nounset bool
	// tested counts the conditions that are being read, in which errexit doesn't count.
	tested int
	// last is the status of the command before, and substituted that of the last
	// command whose output became a word.
	last, substituted Truth
	// moved is for Course.
	moved bool
	// depth counts the functions that are being read.
	depth int
	// steps counts the statements that were read.
	steps int
	err   error
}

func (r *reader) lang() syntax.LangVariant {
	if r.bash {
		return syntax.LangBash
	}
	return syntax.LangPOSIX
}

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
	c := Call{Maybe: r.uncertain(), Line: int(node.Pos().Line())}
	var text strings.Builder
	if err := syntax.NewPrinter(syntax.SingleLine(true)).Print(&text, node); err == nil {
		c.Text = text.String()
	}
	for _, a := range args {
		c.Args, c.Known = append(c.Args, a.text), append(c.Known, a.known)
	}
	r.calls = append(r.calls, c)
	if _, own := r.vars["PATH"]; own {
		r.moved = true
	}
	if c.Maybe || r.opt.Do == nil || r.err != nil || r.moved && findsPrograms(c) {
		return Unknown
	}
	return r.opt.Do(c)
}

// findsPrograms reports whether a command looks for programs.
func findsPrograms(c Call) bool {
	return slices.Contains([]string{"command", "which", "type"}, c.Args[0])
}
