// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is what a verb of the command line runs in: the streams that it
// reads and writes, and the status that it ends with.
//
// A verb returns an error and prints none. [Exit] prints it, and chooses the
// status by its type: [Usage] is for what the caller has to correct, [Hint] for
// a failure with a next step, [Differs] and [Status] for what is not a failure
// and still not status 0.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/console"
	"github.com/docker/go-units"

	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/printable"
)

// Terminal is what a command reads from and writes to.
type Terminal struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	Env flags.Lookup
}

// Text is the standard output for people and for JSON: what a terminal would obey
// is escaped.
func (t Terminal) Text() io.Writer { return printable.Writer(t.Out) }

// Messages is the standard error for messages: what a terminal would obey is
// escaped.
func (t Terminal) Messages() io.Writer { return printable.Writer(t.Err) }

// Exact is the standard output for bytes that must stay as they are; only on a
// terminal they don't.
func (t Terminal) Exact() io.Writer {
	if f, ok := t.Out.(*os.File); ok && IsConsole(f) {
		return t.Text()
	}
	return t.Out
}

// Getenv is a variable of the environment, or empty.
func (t Terminal) Getenv(name string) string {
	value, _ := t.Env(name)
	return value
}

// CheckPipe refuses to write an archive of the type to a terminal.
func (t Terminal) CheckPipe(kind string) error {
	if f, ok := t.Out.(*os.File); ok && IsConsole(f) {
		return fmt.Errorf("type=%s: a terminal cannot show it: give dest=FILE, or pipe it", kind)
	}
	return nil
}

// Pipe is the standard output as a stream whose Close leaves it open.
func (t Terminal) Pipe() io.WriteCloser { return unclosed{t.Out} }

// unclosed keeps a stream open that belongs to someone else.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// IsConsole reports whether a file is an interactive terminal.
func IsConsole(f *os.File) bool {
	_, err := console.ConsoleFromFile(f)
	return err == nil
}

// Size is a number of bytes for people, such as 1.5MB.
func Size(bytes int64) string { return units.HumanSize(float64(bytes)) }

// FailedCommand is the error of a program that failed with err: the first line
// of its output, or err when it printed nothing.
func FailedCommand(output []byte, err error) error {
	line, _, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	if line == "" {
		return err
	}
	return errors.New(line)
}
