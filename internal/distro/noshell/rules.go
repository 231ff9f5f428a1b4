// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// own marks commands of the shell that this package does in the library's place.
const own = "shell:"

// maxFrames limits what functions that call functions take of the stack: it is some
// hundred of them.
const maxFrames = 4000

// call looks at each command before it is run, and decides who runs it.
func (r *run) call(ctx context.Context, args []string) ([]string, error) {
	hc := interp.HandlerCtx(ctx)
	if hc.Pos.IsValid() {
		r.mu.Lock()
		r.line = int(hc.Pos.Line())
		r.mu.Unlock()
	}
	out, err := r.rule(args)
	if err == nil {
		err = r.count()
	}
	if frame := [1]uintptr{}; err == nil && runtime.Callers(maxFrames, frame[:]) > 0 {
		err = refuse("its functions call each other without an end")
	}
	if err != nil {
		return nil, r.refuse(err, hc.Pos, args)
	}
	return out, nil
}

// count ends scripts that go on for too long, and the whole after a refusal.
func (r *run) count() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused != nil {
		return r.refused
	}
	limit := r.MaxCalls
	if limit == 0 {
		limit = maxCalls
	}
	if r.calls++; r.calls > limit {
		return refuse("its script goes on for too long")
	}
	return nil
}

// rule is what to run in the place of a command.
func (r *run) rule(args []string) ([]string, error) {
	name := r.testedName(args[0])
	args = append([]string{name}, args[1:]...)
	switch name {
	case "shell_shift":
		return append([]string{"shift"}, args[1:]...), nil
	case own + "readonly", own + "writes":
		return []string{":"}, r.changes(args[1:], name == own+"readonly")
	}
	if !interp.IsBuiltin(name) {
		return args, nil
	}
	switch name {
	case ":", "true", "false", "unset", "break", "continue", "wait", "getopts":
		return args, nil
	case "return", "exit":
		return args, status(args[1:])
	case "cd", "pwd":
		if err := onlyOptions(args, "L"); err != nil || name == "cd" {
			return args, err
		}
		return []string{own + name}, nil
	case "echo", "umask", "type", "hash", "printf":
		return append([]string{own + name}, args[1:]...), r.looksForOwn(args)
	case "read":
		return args, onlyOptions(args, "r")
	case "[", "test":
		if r.is == dash && slices.Contains(args, "==") {
			return nil, refuse(bashOnly)
		}
		return append([]string{own + name}, args[1:]...), nil
	case "set":
		return args, setOptions(args[1:], r.is)
	case "command":
		return r.command(args)
	case ".", "source":
		return r.sources(args)
	case "eval":
		file, err := r.parse("eval", strings.Join(args[1:], " "))
		if err != nil {
			return nil, err
		}
		text, err := printed(file)
		return []string{"eval", text}, err
	case "exec":
		if len(args) > 1 && interp.IsBuiltin(args[1]) {
			return nil, refuse("it isn't a program")
		}
		return args, nil
	case "trap":
		return r.trap(args)
	}
	return nil, refuse("it isn't followed")
}

// status wants a number that is one for all shells.
func status(args []string) error {
	if len(args) == 0 {
		return nil
	}
	if n, err := strconv.ParseUint(args[0], 10, 8); err != nil || n > 255 || len(args) > 1 {
		return refuse("%q is no status", shorten(strings.Join(args, " ")))
	}
	return nil
}

// looksForOwn refuses to tell what functions and commands of the shell there are.
func (r *run) looksForOwn(args []string) error {
	if name := args[0]; name != "type" && name != "hash" && name != "command" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range args[1:] {
		if r.functions[a] {
			return refuse("whether the script has the function %s isn't known", a)
		}
	}
	return nil
}

// parse reads a part of the script.
func (r *run) parse(name, text string) (*syntax.File, error) {
	r.mu.Lock()
	k := &scriptNames{functions: map[string]bool{}, readonly: slices.Clone(r.readonly)}
	r.mu.Unlock()
	file, err := parseText(name, text, r.is, k)
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.functions, k.functions)
	r.readonly = k.readonly
	return file, err
}

// onlyOptions refuses options that aren't of some letters.
func onlyOptions(args []string, letters string) error {
	for _, a := range args[1:] {
		if rest, ok := strings.CutPrefix(a, "-"); ok && strings.Trim(rest, letters) != "" {
			return refuse("its option %s isn't followed", a)
		}
	}
	return nil
}

// setOptions allows options that are followed, and arguments.
func setOptions(args []string, is dialect) error {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" || a == "-" || len(a) < 2 || a[0] != '-' && a[0] != '+' {
			return nil
		}
		letters := a[1:]
		if rest, ok := strings.CutSuffix(letters, "o"); ok {
			if i++; i < len(args) && args[i] == "pipefail" && is == dash {
				return refuse("dash has no such option")
			}
			if i == len(args) || !slices.Contains([]string{"errexit", "nounset", "pipefail", "noglob"}, args[i]) {
				return refuse("its option isn't followed")
			}
			letters = rest
		}
		if strings.Trim(letters, "efu") != "" {
			return refuse("its option %s isn't followed", a)
		}
	}
	return nil
}

// command is the one that looks for others, or runs one that isn't a function.
func (r *run) command(args []string) ([]string, error) {
	if len(args) > 3 && args[1] == "-v" {
		return nil, refuse("it looks for several commands")
	}
	if len(args) > 1 && (args[1] == "-v" || args[1] == "-V") {
		return append([]string{own + "command"}, args[2:]...), r.looksForOwn(args)
	}
	if len(args) < 2 || strings.HasPrefix(args[1], "-") {
		return nil, refuse("its options aren't followed")
	}
	rest, err := r.rule(args[1:])
	if err != nil {
		return nil, err
	}
	return append([]string{"command"}, rest...), nil
}

// sources lets a script read another one into itself.
func (r *run) sources(args []string) ([]string, error) {
	if len(args) < 2 || !strings.HasPrefix(args[1], "/") {
		return nil, refuse("it isn't followed")
	}
	text, ok := r.Sources[path.Clean(args[1])]
	if !ok {
		data, err := r.Files.Read(args[1])
		if errors.Is(err, os.ErrNotExist) {
			return nil, refuse("%s isn't there%s", args[1], r.Bringer(args[1]))
		}
		if err != nil {
			return nil, refuse("%v", err)
		}
		text = string(data)
	}
	file, err := r.parse(args[1], text)
	if err != nil {
		return nil, err
	}
	if text, err = printed(file); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name := fmt.Sprintf("/dev/null/source-%d", len(r.read))
	r.read = append(r.read, text)
	return append([]string{".", name}, args[2:]...), nil
}

// trap notes what is to be done at the script's end, and takes away signals, of which none
// come.
func (r *run) trap(args []string) ([]string, error) {
	if len(args) < 3 || strings.HasPrefix(args[1], "-") && args[1] != "-" {
		return nil, refuse("it isn't followed")
	}
	var file *syntax.File
	if args[1] != "-" {
		var err error
		if file, err = r.parse("trap", args[1]); err != nil {
			return nil, err
		}
	}
	for _, signal := range args[2:] {
		switch strings.TrimPrefix(signal, "SIG") {
		case "0", "EXIT":
			r.mu.Lock()
			r.last = file
			r.mu.Unlock()
		case "1", "2", "3", "6", "13", "14", "15", "HUP", "INT", "QUIT", "ABRT", "PIPE", "ALRM", "TERM":
		default:
			return nil, refuse("it isn't followed")
		}
	}
	return []string{":"}, nil
}

// exec runs a command that is neither a function nor the library's.
func (r *run) exec(ctx context.Context, args []string) error {
	hc := interp.HandlerCtx(ctx)
	c := &Call{
		Args: args, Dir: hc.Dir, Stdin: hc.Stdin, Stdout: hc.Stdout, Stderr: hc.Stderr, Shell: r.Shell, ctx: ctx, is: r.is,
		Env: func(name string) string { return hc.Env.Get(name).String() },
	}
	if c.Stdin == nil {
		c.Stdin = strings.NewReader("")
	}
	if err := r.count(); err != nil {
		return r.refuse(err, hc.Pos, args)
	}
	err := r.find(c)(c)
	var refusal *Refusal
	switch status := interp.ExitStatus(0); {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return r.refuse(refusal, hc.Pos, args)
	case errors.As(err, &status):
		return status
	case ctx.Err() != nil:
		return r.refuse(ctx.Err(), hc.Pos, args)
	}
	_, _ = io.WriteString(c.Stderr, path.Base(args[0])+": "+err.Error()+"\n")
	return interp.ExitStatus(1)
}

// find is who does a command.
func (r *run) find(c *Call) Command {
	name := c.Args[0]
	if rest, ok := strings.CutPrefix(name, own); ok {
		return builtins()[rest]
	}
	if strings.Contains(name, "/") {
		if !strings.HasPrefix(name, "/") {
			return func(*Call) error { return refuse("where it is isn't known") }
		}
		if do := r.Commands[path.Clean(name)]; do != nil {
			return do
		}
		dir, base := path.Split(path.Clean(name))
		if do := r.known(base); do != nil && slices.Contains(append([]string{"/bin", "/sbin"}, r.Path...), path.Clean(dir)) {
			return do
		}
		return scriptAt(name)
	}
	if do := r.known(name); do != nil {
		return do
	}
	if at := r.lookPath(name); at != "" {
		return scriptAt(at)
	}
	return func(c *Call) error { return refuse("its effect isn't known%s", c.Shell.Bringer(name)) }
}

func (s *Shell) known(name string) Command {
	if do := s.Commands[name]; do != nil {
		return do
	}
	return Basic()[name]
}

// lookPath is where a program is; empty for nowhere.
func (s *Shell) lookPath(name string) string {
	for _, dir := range s.Path {
		at := path.Join(dir, name)
		if info, err := s.Files.Stat(at, true); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return at
		}
	}
	return ""
}

// scriptAt runs a file of the root, if that is a script for the shell.
func scriptAt(at string) Command {
	return func(c *Call) error {
		text, err := c.Shell.Files.Read(at)
		if errors.Is(err, os.ErrNotExist) {
			return refuse("%s isn't there%s", at, c.Shell.Bringer(path.Base(at)))
		}
		if err != nil {
			return refuse("%v", err)
		}
		if !strings.HasPrefix(string(text[:min(2, len(text))]), "#!") {
			return refuse("it is a program, which can't be run here")
		}
		var env []string
		interp.HandlerCtx(c.ctx).Env.Each(exported(&env))
		err = c.Shell.Run(c.ctx, Script{
			Name: at, Text: string(text), Args: c.Args[1:], Env: env, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr,
		})
		var failure *Failure
		var refusal *Refusal
		switch {
		case errors.As(err, &failure):
			return Status(failure.Status)
		case errors.As(err, &refusal):
			return refuse("%s: %v", at, refusal)
		}
		return err
	}
}
