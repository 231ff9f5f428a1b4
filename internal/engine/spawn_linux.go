// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// What a new engine finds in its descriptor table.
const (
	lockFD  = 3 // the directory's lock, held
	readyFD = 4 // a pipe that carries ready, or the text of an error
)

// ready is what an engine writes when it answers.
const ready = "ready"

// spawn starts an engine that inherits the lock and waits until it answers. The
// engine is not a child to care for: it has its own session, so that the terminal's
// signals pass it by, and outlives the client.
func spawn(ctx context.Context, o Options, lock *os.File) error {
	logFile, err := openOwn(filepath.Join(o.Root, LogName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND)
	if err != nil {
		return fmt.Errorf("open the engine's log: %w", err)
	}
	defer logFile.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	defer r.Close()

	cmd := exec.Command(o.Executable, append([]string{Subcommand}, o.arguments()...)...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.ExtraFiles = []*os.File{lock, w}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Setsid:     true,
	}
	err = cmd.Start()
	w.Close()
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("start the engine in namespaces of its own (a container needs --privileged for that; or name a BuildKit daemon with --addr): %w", err)
	}
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	go func() { _ = cmd.Wait() }() // only so that it is not a zombie while this program lives
	return awaitReady(ctx, r, logFile.Name())
}

// awaitReady reads the pipe of a new engine to its end.
func awaitReady(ctx context.Context, r *os.File, log string) error {
	stop := context.AfterFunc(ctx, func() { r.Close() })
	defer stop()
	answer, err := io.ReadAll(r)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("wait for the engine: %w", err)
	case string(answer) == ready:
		return nil
	case len(answer) > 0:
		return fmt.Errorf("start the engine: %s", answer)
	default:
		return fmt.Errorf("start the engine: it died without a word%s", tail(log))
	}
}

// crashAddress is how Go's runtime begins when a file that is mapped into memory is
// shorter than it was.
const crashAddress = "unexpected fault address"

// tail is the end of a log, to be put behind a message; of a crash, it is how that
// begins.
func tail(path string) string {
	data, err := readOwn(filepath.Dir(path), filepath.Base(path))
	data = bytes.TrimSpace(data)
	if err != nil || len(data) == 0 {
		return ""
	}
	lines := strings.Split(string(data), "\n")
	crashed := slices.IndexFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, crashAddress)
	})
	if crashed >= 0 {
		lines = lines[crashed:min(crashed+3, len(lines))]
	} else if len(lines) > 10 {
		lines = lines[len(lines)-10:]
	}
	return "; the end of " + path + " is:\n" + strings.Join(lines, "\n")
}
