// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/util/system"

	"github.com/strata-build/strata/internal/convert/draft"
)

// stage is a stage while it becomes a target.
type stage struct {
	c      *converter
	parsed *instructions.Stage
	out    draft.Target
	vars   *scope
	// below is the stage that this one is made from, if it is one.
	below *stage
	// bases are all stages that it may be made from, where an argument says which, and open
	// that the argument has no default.
	bases []*stage
	open  bool
	// onScratch says that nothing is below.
	onScratch bool
	// workdir, user and shell are those of the steps that follow, where the stage or one
	// below says so.
	workdir, user string
	shell         []string
	// onbuild are the triggers for stages that are made from this one.
	onbuild []string
	env     []envLine
	// pending are comments that wait for the next instruction.
	pending []string
	// repositories says where something may have changed where packages come from.
	repositories string
	// dirs are directories that are there.
	dirs map[string]bool
	// lineOf are the Dockerfile's lines of commands.
	lineOf map[*draft.Build]int
	// folded says that the stage is a layer of another one.
	folded bool
}

// envLine is a variable of the configuration.
type envLine struct {
	comments []string
	name     string
	value    value
}

// targetNames are the names of the stages' targets. A stage without a name has that of
// its place.
func targetNames(stages []instructions.Stage) []string {
	names := make([]string, len(stages))
	used := map[string]bool{"default": true, "strata.lock": true}
	for i := range stages {
		name := strings.ToLower(stages[i].Name)
		if name == "" {
			name = fmt.Sprintf("stage-%d", i)
		}
		for used[name] {
			name += "-stage"
		}
		used[name], names[i] = true, name
	}
	return names
}

func (c *converter) newStage(parsed *instructions.Stage, name string) *stage {
	return &stage{
		c: c, parsed: parsed, out: draft.Target{Name: name, Comments: c.text.of(parsed.Location)},
		vars: newScope(c.globals.escape), dirs: map[string]bool{}, lineOf: map[*draft.Build]int{},
	}
}

// find is a stage that stands before this one, by its name or its number.
func (s *stage) find(name string) *stage {
	for i := len(s.c.stages) - 1; i >= 0; i-- {
		other := s.c.stages[i]
		if other != s && (strings.EqualFold(other.parsed.Name, name) || name == fmt.Sprint(i)) {
			return other
		}
	}
	return nil
}

// named is a stage by its name alone, as FROM and mounts see it.
func (s *stage) named(name string) *stage {
	other := s.find(name)
	if other == nil || !strings.EqualFold(other.parsed.Name, name) {
		return nil
	}
	return other
}

func (s *stage) convert() error {
	if err := s.from(); err != nil {
		return located(err, startLine(s.parsed.Location))
	}
	for _, cmd := range s.parsed.Commands {
		if err := s.dispatch(cmd); err != nil {
			return located(err, startLine(cmd.Location()))
		}
	}
	return nil
}

// from is the FROM line.
func (s *stage) from() error {
	line := startLine(s.parsed.Location)
	names := s.c.globals.clone()
	for _, name := range fixedArgs() {
		if _, ok := names.vars[name]; !ok {
			names.set(name, variable{value: value{{name: name, from: argument}}, arg: true})
		}
	}
	v, doubts, err := names.expand(s.parsed.BaseName)
	if err != nil {
		return err
	}
	s.c.doubt(line, doubts)
	s.out.From = v.text()
	if s.below = s.based(v); s.below != nil {
		s.out.From = "target:" + s.out.From
		if !v.dynamic() {
			s.out.From = "target:" + s.below.out.Name
		}
		s.out.Platform = s.below.out.Platform
	}
	if s.out.From == "" {
		return fmt.Errorf("the base of FROM %s is empty", s.parsed.BaseName)
	}
	s.onScratch = s.out.From == "scratch"
	if p := s.parsed.Platform; p != "" && s.below == nil {
		platform, doubts, err := names.expand(p)
		if err != nil {
			return err
		}
		s.c.doubt(line, doubts)
		if s.out.Platform = platform.text(); s.out.Platform == "$TARGETPLATFORM" {
			s.out.Platform = ""
		}
	}
	s.vars.based, s.vars.hidden = !s.onScratch, s.c.args.has
	if s.onScratch {
		s.out.From = ""
		s.vars.set("PATH", variable{value: literal(system.DefaultPathEnv("linux")), inherited: true})
	}
	if err := s.inherit(); err != nil {
		return err
	}
	s.unsure(line)
	return nil
}

// inherit takes over what the stage below says for steps.
func (s *stage) inherit() error {
	b := s.below
	if b == nil {
		return nil
	}
	s.vars = b.vars.clone()
	for name, v := range s.vars.vars {
		v.inherited = !v.arg
		s.vars.vars[name] = v
	}
	s.workdir, s.user, s.shell, s.onScratch = b.workdir, b.user, b.shell, false
	s.repositories = b.repositories
	for dir := range b.dirs {
		s.dirs[dir] = true
	}
	for _, trigger := range b.onbuild {
		if err := s.trigger(trigger); err != nil {
			return err
		}
	}
	return nil
}

// trigger runs an ONBUILD instruction of the stage below.
func (s *stage) trigger(text string) error {
	all, err := triggered(text, startLine(s.parsed.Location))
	if err != nil {
		return err
	}
	for _, cmd := range all {
		if err := s.dispatch(cmd); err != nil {
			return err
		}
	}
	return nil
}

// triggered are the instructions of ONBUILD, at the line of the stage that runs them.
func triggered(text string, line int) ([]instructions.Command, error) {
	parsed, err := parser.Parse(bytes.NewReader([]byte(text)))
	if err != nil {
		return nil, err
	}
	var out []instructions.Command
	for _, node := range parsed.AST.Children {
		node.PrevComment = nil
		node.StartLine, node.EndLine = line, line
		cmd, err := instructions.ParseCommand(node)
		if err != nil {
			return nil, err
		}
		out = append(out, cmd)
	}
	return out, nil
}

// dispatch gives an instruction to what knows it.
func (s *stage) dispatch(cmd instructions.Command) error {
	switch c := cmd.(type) {
	case *instructions.ArgCommand:
		return s.arg(c)
	case *instructions.EnvCommand:
		return s.setEnv(c)
	case *instructions.RunCommand:
		return s.run(c)
	case *instructions.CopyCommand:
		return s.copy(c)
	case *instructions.AddCommand:
		return s.add(c)
	case *instructions.WorkdirCommand:
		return s.setWorkdir(c)
	case *instructions.UserCommand:
		return s.setUser(c)
	}
	return s.configure(cmd)
}

// comments are those of an instruction, with the ones that waited.
func (s *stage) comments(cmd instructions.Command) []string {
	out := slices.Concat(s.pending, s.c.text.of(cmd.Location()))
	s.pending = nil
	return out
}

// expander renders an instruction's words as the build file has them.
func (s *stage) expander(line int) instructions.SingleWordExpander {
	return func(word string) (string, error) {
		v, doubts, err := s.vars.expand(word)
		s.c.doubt(line, doubts)
		return v.text(), err
	}
}

// put adds entries to the files layer at the end, or to a new one.
func (s *stage) put(entries ...draft.Entry) {
	n := len(s.out.Layers)
	if n == 0 || s.out.Layers[n-1].Files == nil {
		s.out.Layers = append(s.out.Layers, draft.Layer{})
		n++
	}
	l := &s.out.Layers[n-1]
	l.Files = append(l.Files, entries...)
}

// finish writes what is known at the end of a stage.
func (s *stage) finish() {
	for i := range s.out.Layers {
		l := &s.out.Layers[i]
		if len(l.Files) == 1 {
			l.Comments, l.Files[0].Comments = append(l.Comments, l.Files[0].Comments...), nil
		}
	}
	s.out.Config.Env = s.configEnv()
	if s.out.Config.Workdir == "" && s.out.From == "" && s.c.opts.Faithful {
		s.out.Config.Workdir = "/"
	}
	if len(s.pending) > 0 {
		s.out.FromComments = append(s.out.FromComments, s.pending...)
	}
}
