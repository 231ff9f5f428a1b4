// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/helper/program"
)

// CLI is the strata command line of this tree with a home of its own.
type CLI struct {
	// Path is the program. The step helpers lie beside it.
	Path string
	// Home is the directory for HOME, with nothing in it.
	Home string
	// Root is the directory of its embedded engine, which it makes itself.
	Root string
	// Env is what commands see, as KEY=value. Later entries win.
	Env []string
	// Dir is the working directory of commands; the test's own when empty.
	Dir string
	// Until ends commands, and the test; the zero time is none.
	Until time.Time
}

// Result is what a command gave.
type Result struct {
	Stdout string
	Stderr string
	// Code is the exit status; -1 for a command that a signal ended.
	Code int
}

// Strata gives the command line, with the credentials of the registries. The
// embedded engine that it starts has an empty cache, and ends with the test.
func Strata(t testing.TB, login ...*Registry) *CLI {
	t.Helper()
	path := Binary(t, "strata", "")
	placeSteps(t, filepath.Dir(path))
	dir := Dir(t)
	data := filepath.Join(dir, "data")
	c := &CLI{Path: path, Home: filepath.Join(dir, "home"), Root: filepath.Join(data, "strata")}
	for _, d := range []string{c.Home, data} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatalf("make directory: %v", err)
		}
	}
	c.Env = append(cleanEnv(),
		"HOME="+c.Home,
		"XDG_DATA_HOME="+data,
		"DOCKER_CONFIG="+DockerConfig(t, login...),
		c.marker(),
	)
	t.Cleanup(func() {
		if err := endMarked(c.marker()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// marker is the entry of the environment that c's processes share.
func (c *CLI) marker() string { return markerName + "=" + filepath.Dir(c.Home) }

// Command returns a command that isn't started yet, for tests that need its
// standard input or want to kill it.
func (c *CLI) Command(args ...string) *exec.Cmd {
	return c.command(context.Background(), args)
}

func (c *CLI) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Path, args...)
	cmd.Env = c.Env
	cmd.Dir = c.Dir
	return cmd
}

// Run runs the command to its end, whatever its exit status.
func (c *CLI) Run(t testing.TB, args ...string) Result {
	t.Helper()
	ctx := t.Context()
	if !c.Until.IsZero() {
		limited, cancel := context.WithDeadline(ctx, c.Until)
		defer cancel()
		ctx = limited
	}
	cmd := c.command(ctx, args)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// An engine that the command leaves behind may hold on to the pipes.
	cmd.WaitDelay = stopLimit
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatalf("strata %v: it took too long and was ended\n%s", args, stderr.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run strata %v: %v\n%s", args, err, stderr.String())
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
}

// MustRun is Run for a test that only goes on if the command succeeds.
func (c *CLI) MustRun(t testing.TB, args ...string) Result {
	t.Helper()
	result := c.Run(t, args...)
	if result.Code != 0 {
		t.Fatalf("strata %v: exit status %d\n%s%s", args, result.Code, result.Stdout, result.Stderr)
	}
	return result
}

// placeSteps puts the step helpers beside the command line, where a plain
// go build has them.
func placeSteps(t testing.TB, dir string) {
	t.Helper()
	for _, arch := range []string{"amd64", "arm64"} {
		file := filepath.Join(dir, program.File(arch))
		if err := os.Link(Binary(t, "strata-step", arch), file); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatalf("place step helper: %v", err)
		}
	}
}
