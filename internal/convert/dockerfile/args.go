// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/strata-build/strata/internal/convert/draft"
)

// argTable is the arguments of a Dockerfile. A stage may give its own default to a name;
// a build file has one for all.
type argTable struct {
	order []string
	all   map[string]*arg
}

// arg is a name that ARG declares somewhere.
type arg struct {
	comments []string
	// own says that not all declarations have the same default, so that each place where
	// it is used has one.
	own bool
	// global says that it is declared before the first FROM with a default.
	global bool
	// defaults are the texts of the defaults, and bare says that there is a declaration
	// without one that inherits none.
	defaults []string
	bare     bool
	// value is the default of all, once it was seen.
	value value
	seen  bool
}

func newArgTable(globals []instructions.ArgCommand, stages []instructions.Stage) *argTable {
	t := &argTable{all: map[string]*arg{}}
	for i := range globals {
		t.declare(&globals[i], true)
	}
	for i := range stages {
		for _, cmd := range stages[i].Commands {
			t.declareIn(cmd, stages[i].Name, stages[i+1:])
		}
	}
	for _, a := range t.all {
		a.own = len(a.defaults) > 1 || a.bare && len(a.defaults) > 0
	}
	return t
}

// declareIn declares what a command of a stage does, and what it has the stages do that are
// made from it.
func (t *argTable) declareIn(cmd instructions.Command, stage string, later []instructions.Stage) {
	switch c := cmd.(type) {
	case *instructions.ArgCommand:
		t.declare(c, false)
	case *instructions.OnbuildCommand:
		if !slices.ContainsFunc(later, func(s instructions.Stage) bool {
			return strings.EqualFold(s.BaseName, stage) || strings.Contains(s.BaseName, "$")
		}) {
			return
		}
		all, _ := triggered(c.Expression, 0) // what is wrong with it is told where it runs
		for _, one := range all {
			if a, ok := one.(*instructions.ArgCommand); ok {
				t.declare(a, false)
			}
		}
	}
}

func (t *argTable) declare(cmd *instructions.ArgCommand, global bool) {
	for _, kv := range cmd.Args {
		if !declarable(kv.Key) {
			continue
		}
		a := t.all[kv.Key]
		if a == nil {
			a = &arg{}
			t.all[kv.Key] = a
			t.order = append(t.order, kv.Key)
		}
		switch {
		case kv.Value != nil:
			a.global = a.global || global
			if !slices.Contains(a.defaults, *kv.Value) {
				a.defaults = append(a.defaults, *kv.Value)
			}
		case !a.global:
			a.bare = true
		}
	}
}

// declarable reports whether a build file can declare an argument of that name.
func declarable(name string) bool { return !isFixed(name) && name != "out" && isName(name) }

// isFixed reports whether an argument is always there.
func isFixed(name string) bool {
	for _, side := range []string{"TARGET", "BUILD"} {
		switch strings.TrimPrefix(name, side) {
		case name:
		case "PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT":
			return true
		}
	}
	return name == "TARGETSTAGE"
}

func isName(name string) bool {
	for i := range len(name) {
		b := name[i]
		if b != '_' && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (i == 0 || b < '0' || b > '9') {
			return false
		}
	}
	return name != ""
}

// names are those that a build file's scripts see when they mention them.
func (t *argTable) has(name string) bool { return t.all[name] != nil || isFixed(name) }

// refer is an argument as a value, with the default that it has in this place; nil for
// none.
func (t *argTable) refer(name string, was value, has bool) value {
	p := part{name: name, from: argument, was: was}
	a := t.all[name]
	if a == nil || !has {
		return value{p}
	}
	if !a.seen {
		a.seen, a.value = true, was
		a.own = a.own || was.needsBase()
	}
	if a.own {
		p.op, p.word = "-", was
	}
	return value{p}
}

// needsBase reports whether a value depends on the base's environment.
func (v value) needsBase() bool {
	for _, p := range v.flat() {
		if p.name != "" && (p.from == below || p.word.needsBase()) {
			return true
		}
	}
	return false
}

// drafts are the arguments of the build file.
func (t *argTable) drafts() []draft.Arg {
	var out []draft.Arg
	for _, name := range t.order {
		a := t.all[name]
		d := draft.Arg{Name: name, Comments: a.comments}
		if d.Optional = a.own || len(a.defaults) == 0; !d.Optional {
			d.Default = a.value.text()
		}
		out = append(out, d)
	}
	return out
}

// globalArg is an ARG before the first FROM.
func (c *converter) globalArg(cmd *instructions.ArgCommand) error {
	comments := c.text.of(cmd.Location())
	for _, kv := range cmd.Args {
		if a := c.args.all[kv.Key]; a != nil {
			a.comments, comments = append(a.comments, comments...), nil
		}
		if kv.Value == nil {
			if declarable(kv.Key) {
				c.globals.set(kv.Key, variable{value: c.args.refer(kv.Key, nil, false), arg: true})
			}
			continue
		}
		v, doubts, err := c.globals.expand(*kv.Value)
		if err != nil {
			return err
		}
		c.doubt(startLine(cmd.Location()), doubts)
		if declarable(kv.Key) {
			v = c.args.refer(kv.Key, v, true)
		} else {
			c.note(startLine(cmd.Location()), Lost, "a build file can't declare the argument %s; its default %q is written out", kv.Key, v.text())
		}
		c.globals.set(kv.Key, variable{value: v, arg: true})
	}
	c.file.Head = append(c.file.Head, comments...)
	return nil
}

func (c *converter) doubt(line int, doubts []doubt) {
	for _, d := range doubts {
		c.note(line, Doubt, "%s", d)
	}
}

// fixedArgs are the arguments that are always there, as FROM sees them.
func fixedArgs() []string {
	var out []string
	for _, side := range []string{"BUILD", "TARGET"} {
		for _, what := range []string{"PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT"} {
			out = append(out, side+what)
		}
	}
	return append(out, "TARGETSTAGE")
}

// arg is an ARG in a stage.
func (s *stage) arg(cmd *instructions.ArgCommand) error {
	line := startLine(cmd.Location())
	comments := s.c.text.of(cmd.Location())
	for _, kv := range cmd.Args {
		known := s.c.args.all[kv.Key]
		if known != nil && len(comments) > 0 {
			known.comments, comments = append(known.comments, comments...), nil
		}
		v, has, err := s.argValue(kv, line)
		if err != nil {
			return err
		}
		switch before, ok := s.vars.vars[kv.Key]; {
		case !declarable(kv.Key) && !isFixed(kv.Key), isFixed(kv.Key) && has:
			s.c.note(line, Lost, "a build file can't declare the argument %s; its default %q is written out", kv.Key, v.text())
			s.vars.set(kv.Key, variable{value: v, arg: true})
		case !has && ok && !before.arg && known != nil && !known.global: // what ENV has set counts unless one is given
			v := value{{name: kv.Key, from: argument, op: "-", word: before.value, was: before.value}}
			known.own = true
			s.vars.set(kv.Key, variable{value: v, arg: true})
		case has:
			s.vars.set(kv.Key, variable{value: s.c.args.refer(kv.Key, v, true), arg: true})
		default:
			s.vars.set(kv.Key, variable{value: s.inherited(kv.Key), arg: true})
		}
	}
	s.pending = append(s.pending, comments...)
	return nil
}

// argValue is the default that ARG gives.
func (s *stage) argValue(kv instructions.KeyValuePairOptional, line int) (value, bool, error) {
	if kv.Value == nil {
		return nil, false, nil
	}
	v, doubts, err := s.vars.expand(*kv.Value)
	s.c.doubt(line, doubts)
	return v, true, err
}

// inherited is an argument without a default of its own.
func (s *stage) inherited(name string) value {
	if g, ok := s.c.globals.vars[name]; ok {
		return g.value
	}
	return value{{name: name, from: argument}}
}
