// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package dockerfile turns a Dockerfile into a build file that makes the same image.
//
// BuildKit's own parser reads it, and BuildKit's own lexer expands its words; nothing of
// a Dockerfile's grammar is here. Each stage becomes a target, the last one the top
// level, and each instruction goes to what says the same: an entry of files, a build, a
// key of config. Variables that ENV sets are written out where they are used, as the
// Dockerfile frontend does it; build arguments stay arguments.
//
// What can't be said in a build file is a [Note], and a comment at its place.
package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/llb/spec"
)

// Options say how to convert.
type Options struct {
	// Faithful leaves everything as the Dockerfile has it. Without it, what is certain to
	// mean the same is written as one writes build files.
	Faithful bool
	// Context is the build context, which tells files from directories; nil if it isn't
	// at hand.
	Context fs.FS
}

// Result is what a Dockerfile became.
type Result struct {
	File *draft.File
	// BuildFile is its text.
	BuildFile []byte
	// Notes are in the order of the Dockerfile.
	Notes []Note
}

// Note is what a user should know of a line.
type Note = report.Note

// Kind says what a note is about.
type Kind = report.Kind

// The kinds of notes.
const (
	Changed = report.Changed
	Doubt   = report.Doubt
	Lost    = report.Lost
)

// LineError is a line that can't be converted.
type LineError = report.LineError

// Convert turns a Dockerfile into a build file, which the build file's own parser takes:
// an instruction that no build file can say is a [LineError].
func Convert(data []byte, o Options) (*Result, error) {
	parsed, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, located(err, 0)
	}
	made, err := convert(data, parsed, o)
	if err != nil {
		return nil, err
	}
	if err := made.write(); err != nil {
		return nil, &LineError{Line: culprit(data, parsed, o), Err: err}
	}
	return made, nil
}

// write writes the build file, if it is one that can be read.
func (r *Result) write() (err error) {
	if r.BuildFile, err = r.File.Bytes(); err != nil {
		return err
	}
	if _, err := spec.Parse("", r.BuildFile); err != nil {
		return faultWords(err)
	}
	return nil
}

// convert turns what was parsed of a Dockerfile into a build file.
func convert(data []byte, parsed *parser.Result, o Options) (*Result, error) {
	stages, globals, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil, located(err, 0)
	}
	if len(stages) == 0 {
		return nil, errors.New("the Dockerfile has no FROM, so it builds nothing")
	}
	c := &converter{
		opts: o, text: newText(data, parsed.AST), file: &draft.File{},
		globals: newScope(parsed.EscapeToken), args: newArgTable(globals, stages),
	}
	c.directives(data)
	if err := c.convert(globals, stages); err != nil {
		return nil, err
	}
	return &Result{File: c.file, Notes: c.notes.Sorted()}, nil
}

// culprit is the line of the instruction with which a Dockerfile becomes something that
// is no build file: of the shortest beginning of the Dockerfile with that outcome, as
// longer ones have it, too.
func culprit(data []byte, parsed *parser.Result, o Options) int {
	nodes := parsed.AST.Children
	at := sort.Search(len(nodes), func(i int) bool {
		beginning, ast := *parsed, *parsed.AST
		beginning.AST = &ast
		ast.Children = nodes[:i+1]
		made, err := convert(data, &beginning, o)
		return err == nil && made.write() != nil // there is a FROM, and nothing is told of a later line
	})
	if at == len(nodes) {
		return 0
	}
	return nodes[at].StartLine
}

// faultWords are what a fault of the build file says, without the place.
func faultWords(err error) error {
	var fault *spec.Error
	if !errors.As(err, &fault) {
		return err
	}
	return errors.New(fault.Words())
}

// located is an error with the line that BuildKit gives it, or else the given one.
func located(err error, line int) error {
	var at *LineError
	if errors.As(err, &at) {
		return err
	}
	var loc *parser.LocationError
	if errors.As(err, &loc) && len(loc.Locations) > 0 && len(loc.Locations[0]) > 0 {
		line = loc.Locations[0][0].Start.Line
	}
	if line == 0 {
		return fmt.Errorf("read the Dockerfile: %w", err)
	}
	for inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "dockerfile parse error on line"); inner = errors.Unwrap(err) {
		err = inner // the line is said already
	}
	return &LineError{Line: line, Err: err}
}

// converter is one call of Convert.
type converter struct {
	opts    Options
	text    *text
	file    *draft.File
	globals *scope
	args    *argTable
	stages  []*stage
	// names are those of all stages, in their order, and empty for one without a name.
	names []string
	notes report.Notes
	// byPlatform are arguments that scripts chose a value of by the architecture.
	byPlatform []draft.Arg
}

func (c *converter) note(line int, kind Kind, format string, args ...any) {
	c.notes.Add(line, kind, format, args...)
}

// convert goes through all stages.
func (c *converter) convert(globals []instructions.ArgCommand, stages []instructions.Stage) error {
	for i := range globals {
		if err := c.globalArg(&globals[i]); err != nil {
			return located(err, startLine(globals[i].Location()))
		}
	}
	names := targetNames(stages)
	for i := range stages {
		c.names = append(c.names, strings.ToLower(stages[i].Name))
	}
	for i := range stages {
		s := c.newStage(&stages[i], names[i])
		c.stages = append(c.stages, s)
		if err := s.convert(); err != nil {
			return err
		}
	}
	if !c.opts.Faithful {
		for _, s := range c.stages {
			s.manifestsFirst()
		}
		c.toolCaches()
		c.compiled()
		for _, s := range c.stages {
			s.listFiles()
		}
	}
	for i, s := range c.stages {
		s.finish()
		switch {
		case i == len(c.stages)-1:
			c.last(s)
		case !s.folded:
			c.file.Targets = append(c.file.Targets, s.out)
		}
	}
	c.file.Args = append(c.args.drafts(), c.byPlatform...)
	c.file.Foot = c.text.after()
	return nil
}

// last makes a stage the top level.
func (c *converter) last(s *stage) {
	if name := s.parsed.Name; name != "" {
		c.note(startLine(s.parsed.Location), Changed, "the stage %s is the top level now: --target %s is --target default, or nothing", name, name)
	}
	s.out.FromComments = append(s.out.Comments, s.out.FromComments...)
	c.file.Main = s.out
}

// directives keeps the lines at the top that are for the frontend.
func (c *converter) directives(data []byte) {
	p := parser.DirectiveParser{}
	all, err := p.ParseAll(data)
	if err != nil {
		return // the parser would have said so
	}
	c.file.Head = []string{"syntax=strata-build/strata:1"}
	for _, d := range all {
		switch d.Name {
		case "check":
			c.file.Head = append(c.file.Head, "check="+d.Value)
		case "escape":
			if d.Value == "`" {
				c.note(startLine(d.Location), Doubt, "escape=` is for Windows; images of it aren't made, and its paths are taken for names in /")
			}
		}
	}
}

// startLine is the first line of an instruction.
func startLine(where []parser.Range) int {
	if len(where) == 0 {
		return 0
	}
	return where[0].Start.Line
}
