// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// A Shell runs scripts in a root.
type Shell struct {
	// Files are the root's.
	Files *Files
	// Commands are what scripts can run, by name, beside the ones that every system
	// has; see [Basic].
	Commands map[string]Command
	// Sources are texts that stand for files which scripts read into themselves, by path.
	Sources map[string]string
	// Path are the directories of programs.
	Path []string
	// Present are further names of programs that count as there for scripts that look
	// for them.
	Present []string
	// Packages say what brings a command, or a file, that may be missing.
	Packages map[string]string
	// Busybox says that sh is busybox, and not dash.
	Busybox bool
	// MaxCalls limits the commands of all scripts together; 0 stands for 50,000.
	MaxCalls int

	mu    sync.Mutex
	calls int
	depth int
	// umask is the mask, where mask says that a script set one; else it is 022.
	umask uint32
	mask  bool
}

const (
	maxCalls = 50_000
	// maxDepth limits scripts that run scripts.
	maxDepth = 8
)

// masked is the mask with which files are made.
func (s *Shell) masked() uint32 {
	if s.mask {
		return s.umask
	}
	return 0o022
}

// A Script is what a Shell runs.
type Script struct {
	// Name is the path that the script takes for its own.
	Name string
	Text string
	Args []string
	// Env are the variables that it sees, as NAME=value.
	Env []string
	// Stdin is empty if it is nil; what is written elsewhere is lost if that is.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// A Refusal is why a script can't be run here.
type Refusal struct {
	// Line is where in the script, counted from 1; 0 if that isn't known.
	Line int
	// Text is the command, or empty.
	Text string
	Why  string
}

func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Text)
	if r.Line > 0 {
		if r.Text != "" {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "(line %d)", r.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	return b.String() + r.Why
}

// A Failure is a script that ran and ended with another status than 0.
type Failure struct {
	// Status is from 1 to 255.
	Status int
	// Line is that of the last command, counted from 1.
	Line int
	// Said is the end of what it wrote to the standard error.
	Said string
}

func (f *Failure) Error() string {
	text := fmt.Sprintf("it fails with status %d (line %d)", f.Status, f.Line)
	if f.Said != "" {
		text += ": " + f.Said
	}
	return text
}

// refuse makes a refusal of a command.
func refuse(format string, args ...any) error { return &Refusal{Why: fmt.Sprintf(format, args...)} }

// Run runs a script. The error is a [Refusal] or a [Failure].
func (s *Shell) Run(ctx context.Context, script Script) error {
	k := &scriptNames{functions: map[string]bool{}}
	file, is, err := s.parse(script.Name, script.Text, k)
	if err != nil {
		return err
	}
	exitsAtReturn(file)
	if s.nest(1) > maxDepth {
		s.nest(-1)
		return refuse("its scripts run each other without an end")
	}
	defer s.nest(-1)
	said := &tail{to: script.Stderr}
	r := &run{Shell: s, is: is, scriptNames: k, frozen: map[string]bool{}}
	runner, err := interp.New(
		interp.Dir("/"), interp.Env(expand.ListEnviron(withDefaults(script.Env, s.Path)...)),
		interp.StdIO(script.Stdin, orDiscard(script.Stdout), said),
		interp.Params(append([]string{"--"}, script.Args...)...),
		interp.CallHandler(r.call), interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return r.exec }),
		interp.OpenHandler(r.open), interp.ReadDirHandler2(r.readDir), interp.StatHandler(r.stat), interp.AccessHandler(r.access),
	)
	if err != nil {
		return refuse("it can't be started: %v", err)
	}
	if options := shellOptions(script.Text); len(options) > 0 {
		if err := interp.Params(append(options, append([]string{"--"}, script.Args...)...)...)(runner); err != nil {
			return refuse("it is for a shell with %s", strings.Join(options, " "))
		}
	}
	err = protect(func() error { return runner.Run(ctx, file) })
	return r.outcome(r.atEnd(ctx, runner, err), said)
}

// nest counts scripts that run in each other.
func (s *Shell) nest(by int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.depth += by
	return s.depth
}

// protect turns a panic of the library into an error: nothing that a script has may
// end the process.
func protect(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = refuse("it has something that isn't followed: %v", p)
		}
	}()
	return do()
}

// outcome is what came of a run.
func (r *run) outcome(err error, said *tail) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused != nil {
		return r.refused
	}
	var status interp.ExitStatus
	var refusal *Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &status):
		return &Failure{Status: int(status), Line: r.line, Said: said.last()}
	}
	return &Refusal{Line: r.line, Why: err.Error()}
}

// A run is one script that is being run.
type run struct {
	*Shell
	is dialect
	*scriptNames
	// frozen are variables that readonly has been run for.
	frozen map[string]bool
	// line is that of the last command.
	line int
	// last is what a trap does at the script's end; nil for nothing.
	last *syntax.File
	// read are texts that the script reads into itself.
	read    []string
	refused *Refusal
}

// refuse notes the first refusal: one in a pipe or a word doesn't end the shell.
func (r *run) refuse(err error, pos syntax.Pos, args []string) error {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		refusal = &Refusal{Why: err.Error()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused == nil {
		own := *refusal
		if own.Line == 0 && pos.IsValid() {
			own.Line = int(pos.Line())
		}
		if own.Text == "" {
			own.Text = shorten(strings.TrimPrefix(strings.Join(args, " "), tested))
		}
		r.refused = &own
	}
	return r.refused
}

func shorten(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > 120 {
		return text[:120] + "…"
	}
	return text
}

// A dialect is a kind of shell.
type dialect int

const (
	dash dialect = iota
	ash          // of busybox
	bash
)

// parse reads a script for a shell, and adds its names to k.
func (s *Shell) parse(name, text string, k *scriptNames) (file *syntax.File, is dialect, err error) {
	words := interpreter(text)
	if len(words) == 0 {
		return nil, is, refuse("it doesn't name an interpreter")
	}
	switch words[0] {
	case "/bin/sh", "/usr/bin/sh":
		if s.Busybox {
			is = ash
		}
	case "/bin/dash", "/usr/bin/dash":
	case "/bin/ash", "/bin/busybox sh", "/bin/busybox ash":
		is = ash
	case "/bin/bash", "/usr/bin/bash":
		is = bash
	default:
		return nil, is, refuse("it is for %s", words[0])
	}
	for _, option := range words[1:] {
		if letters, ok := strings.CutPrefix(option, "-"); !ok || letters == "" || strings.Trim(letters, "eux") != "" {
			return nil, is, refuse("it is for %s", strings.Join(words, " "))
		}
	}
	file, err = parseText(name, text, is, k)
	return file, is, err
}

// interpreter are the words of a script's first line; the first one has the shell that
// busybox is.
func interpreter(text string) []string {
	first, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(strings.TrimPrefix(first, "#!"))
	if !strings.HasPrefix(first, "#!") {
		return nil
	}
	if len(words) > 1 && words[0] == "/bin/busybox" {
		words = append([]string{words[0] + " " + words[1]}, words[2:]...)
	}
	return words
}

// shellOptions are those that a script's first line has.
func shellOptions(text string) []string {
	return interpreter(text)[1:]
}

// parseText reads a part of a script that has no first line of its own.
func parseText(name, text string, is dialect, k *scriptNames) (*syntax.File, error) {
	if strings.Contains(text, "\x00") {
		return nil, refuse("it isn't a text")
	}
	if strings.Contains(text, "\r") { // ends of lines for the library, and a character as any other for a shell
		return nil, refuse("it has a carriage return")
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), name)
	if err != nil {
		return nil, refuse("it can't be read: %v", err)
	}
	if err := vet(file, is); err != nil {
		return nil, err
	}
	if err := vetComments(name, text); err != nil {
		return nil, err
	}
	escapeDollars(file)
	return file, normalize(file, is, k)
}

// withDefaults adds what every shell has.
func withDefaults(env, path []string) []string {
	all := map[string]string{"PATH": strings.Join(path, ":"), "HOME": "/root", "PWD": "/"}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		all[name] = value
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, name+"="+all[name])
	}
	return out
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// tail keeps the last line that isn't empty of what is written.
type tail struct {
	to   io.Writer
	mu   sync.Mutex
	text []byte
}

// Write takes more of the text.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - 1000; extra > 0 {
		t.text = bytes.Clone(t.text[extra:])
	}
	if t.to != nil {
		return t.to.Write(p)
	}
	return len(p), nil
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return shorten(lines[len(lines)-1])
}
