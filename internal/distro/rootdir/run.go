// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package rootdir

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/child"
	"github.com/strata-build/strata/internal/distro/command"
)

// Run runs a command of the image, whose output goes to the log, if there is one.
// command makes it, as [child.Starter.Run] asks for it. last are the last lines that it
// wrote. The error is an [exec.ExitError] if the command itself failed.
func Run(s *child.Starter, command func() *exec.Cmd, log *os.File) (last Lines, err error) {
	kept := &tail{}
	out := io.Writer(kept)
	if log != nil {
		out = io.MultiWriter(log, kept)
	}
	err = s.Run(func() *exec.Cmd {
		cmd := command()
		cmd.Stdout, cmd.Stderr = out, out
		// A service that a script left running holds on to the pipe.
		cmd.WaitDelay = 200 * time.Millisecond
		return cmd
	})
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return kept.text(), err
}

// Failure is the error that says in words that a command failed: a
// [command.ExitError], unless a signal ended it.
func Failure(exit *exec.ExitError, words string) error {
	err := errors.New(words)
	if exit.ExitCode() > 0 {
		return &command.ExitError{Status: exit.ExitCode(), Err: err}
	}
	return err
}

// Lines are lines without their ends.
type Lines []string

// String has the lines one below the other, indented; empty ones are left out.
func (l Lines) String() string {
	var out []string
	for _, line := range l {
		if line != "" {
			out = append(out, "  "+line)
		}
	}
	return strings.Join(out, "\n")
}

// tail keeps the last lines of an output.
type tail struct{ lines [][]byte }

const tailLines = 12

// Write takes more of the output.
func (t *tail) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if n := len(t.lines); n > 0 && !bytes.HasSuffix(t.lines[n-1], []byte("\n")) {
			t.lines[n-1] = append(t.lines[n-1], line...)
			continue
		}
		t.lines = append(t.lines, bytes.Clone(line))
	}
	if extra := len(t.lines) - tailLines; extra > 0 {
		t.lines = t.lines[extra:]
	}
	return len(p), nil
}

func (t *tail) text() Lines {
	var out Lines
	for _, line := range t.lines {
		out = append(out, strings.TrimRight(string(line), "\n"))
	}
	return out
}
