// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
)

// A Command does what a program does. The error is a [Status], a [Refusal], or
// what the program would say, with the status 1.
type Command func(c *Call) error

// Status is an exit status from 1 to 255.
func Status(n int) error { return interp.ExitStatus(uint8(n)) }

// Refuse is the error that says why a command can't be done here.
func Refuse(format string, args ...any) error { return refuse(format, args...) }

// A Call is a command that a script runs.
type Call struct {
	// Args are its name and its arguments.
	Args []string
	// Dir is the shell's directory, an absolute path of the root.
	Dir            string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Env is a variable's value.
	Env   func(name string) string
	Shell *Shell

	ctx context.Context //nolint:containedctx // it is that of one call
	is  dialect
}

// Files are the root's.
func (c *Call) Files() *Files { return c.Shell.Files }

// Path makes an argument an absolute path.
func (c *Call) Path(p string) string {
	if path.IsAbs(p) {
		return p
	}
	if p == "" {
		return ""
	}
	return path.Join(c.Dir, p)
}

// Other runs another command in the call's place.
func (c *Call) Other(args []string) error {
	other := *c
	other.Args = args
	return (&run{Shell: c.Shell, is: c.is}).find(&other)(&other)
}

// Print writes to the standard output. Who doesn't read on ends a program.
func (c *Call) Print(text string) error {
	if _, err := io.WriteString(c.Stdout, text); err != nil {
		return Status(141)
	}
	return nil
}

// mode is one with which a file is made.
func (c *Call) mode(m uint32) uint32 { return m &^ c.Shell.masked() }

// operands is the error of a program that has fewer than n operands.
func operands(rest []string, n int) error {
	if len(rest) < n {
		return errors.New("missing operand")
	}
	return nil
}

// Options are those of a call.
type Options map[string][]string

// Has reports whether one of some options is given.
func (o Options) Has(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return len(o[n]) > 0 })
}

// Value is the last value of an option.
func (o Options) Value(name string) string {
	if all := o[name]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// Options reads the arguments as getopt does. The words of the specification are
// options that are allowed: "r", "recursive" (which is --recursive), "recursive=r"
// (which counts as -r), and with a colon at the end those that take a value. Others
// are refused.
func (c *Call) Options(spec string) (Options, []string, error) {
	g := getopt{known: map[string]string{}, valued: map[string]bool{}, found: Options{}}
	for _, word := range strings.Fields(spec) {
		name, valued := strings.CutSuffix(word, ":")
		name, short, same := strings.Cut(name, "=")
		if !same {
			short = name
		}
		g.known[name], g.valued[name] = short, valued
	}
	rest := c.Args[1:]
	for len(rest) > 0 {
		a := rest[0]
		rest = rest[1:]
		var err error
		switch {
		case a == "--":
			g.operands = append(g.operands, rest...)
			rest = nil
		case strings.HasPrefix(a, "--"):
			rest, err = g.long(a[2:], rest)
		case len(a) > 1 && a[0] == '-':
			rest, err = g.short(a[1:], rest)
		default:
			g.operands = append(g.operands, a)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return g.found, g.operands, nil
}

type getopt struct {
	known    map[string]string
	valued   map[string]bool
	found    Options
	operands []string
}

func (g *getopt) add(name, value string) {
	g.found[g.known[name]] = append(g.found[g.known[name]], value)
}

func (g *getopt) long(a string, rest []string) ([]string, error) {
	name, value, given := strings.Cut(a, "=")
	if _, ok := g.known[name]; !ok || len(name) < 2 || given && !g.valued[name] {
		return nil, refuse("its option --%s isn't followed", name)
	}
	if g.valued[name] && !given {
		if len(rest) == 0 {
			return nil, refuse("its option --%s has no value", name)
		}
		value, rest = rest[0], rest[1:]
	}
	g.add(name, value)
	return rest, nil
}

func (g *getopt) short(letters string, rest []string) ([]string, error) {
	for i := range letters {
		name := letters[i : i+1]
		if _, ok := g.known[name]; !ok {
			return nil, refuse("its option -%s isn't followed", letters)
		}
		if !g.valued[name] {
			g.add(name, "")
			continue
		}
		value := letters[i+1:]
		if value == "" {
			if len(rest) == 0 {
				return nil, refuse("its option -%s has no value", name)
			}
			value, rest = rest[0], rest[1:]
		}
		g.add(name, value)
		break
	}
	return rest, nil
}

// inputs are the files that a program reads, or the standard input.
func (c *Call) inputs(files []string) ([]string, error) {
	if len(files) == 0 {
		files = []string{"-"}
	}
	var out []string
	for _, f := range files {
		var text []byte
		var err error
		if f == "-" {
			text, err = io.ReadAll(io.LimitReader(c.Stdin, maxRead))
		} else {
			text, err = c.Files().Read(c.Path(f))
		}
		if errors.Is(err, os.ErrNotExist) && len(files) > 1 {
			return nil, refuse("%s isn't there, and other files are read, too", f)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, string(text))
	}
	return out, nil
}

// lines are the lines of a text without their ends.
func lines(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		out = append(out, strings.TrimSuffix(l, "\n"))
	}
	return out
}

// buffered lets a command write many small parts.
func (c *Call) buffered(write func(w *bufio.Writer) error) error {
	w := bufio.NewWriter(c.Stdout)
	if err := write(w); err != nil {
		_ = w.Flush()
		return err
	}
	if w.Flush() != nil {
		return Status(141)
	}
	return nil
}

// exported collects the variables that programs see.
func exported(env *[]string) func(name string, v expand.Variable) bool {
	return func(name string, v expand.Variable) bool {
		if v.Exported && v.IsSet() && v.Kind == expand.String {
			*env = append(*env, fmt.Sprintf("%s=%s", name, v.Str))
		}
		return true
	}
}
