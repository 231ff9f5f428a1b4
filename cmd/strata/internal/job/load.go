// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

// loader is a program that takes a docker archive on its standard input.
type loader struct {
	name string
	args []string

	mu     sync.Mutex
	output bytes.Buffer
}

// findLoader looks for docker and then podman; one that cannot reach its engine
// does not count. A docker context may be named.
func findLoader(ctx context.Context, dockerContext string) (*loader, error) {
	docker := []string{}
	if dockerContext != "" {
		docker = []string{"--context", dockerContext}
	}
	var reasons []string
	for _, c := range []struct {
		name string
		args []string
	}{{"docker", docker}, {"podman", nil}} {
		if _, err := exec.LookPath(c.name); err != nil {
			reasons = append(reasons, c.name+" is not installed")
			continue
		}
		probe := exec.CommandContext(ctx, c.name, append(c.args, "version", "--format", "{{.Version}}")...)
		if c.name == "docker" {
			probe.Args[len(probe.Args)-1] = "{{.Server.Version}}"
		}
		if out, err := probe.CombinedOutput(); err != nil {
			reasons = append(reasons, c.name+" does not work: "+cli.FailedCommand(out, err).Error())
			continue
		}
		return &loader{name: c.name, args: append(c.args, "load")}, nil
	}
	return nil, cli.Hint(
		fmt.Errorf("--load needs docker or podman: %s", strings.Join(reasons, "; ")),
		"use --output type=docker,dest=FILE to write the archive to a file",
	)
}

// open starts the program. Closing the writer waits for it.
func (l *loader) open(ctx context.Context) (io.WriteCloser, error) {
	cmd := exec.CommandContext(ctx, l.name, l.args...)
	cmd.Stdout = l
	cmd.Stderr = l
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s load: %w", l.name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s load: %w", l.name, err)
	}
	return &loading{loader: l, cmd: cmd, stdin: stdin}, nil
}

// Write keeps the output of the program.
func (l *loader) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.output.Write(p)
}

// text is the output of the program.
func (l *loader) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(l.output.String())
}

// loading is a program that runs.
type loading struct {
	loader *loader
	cmd    *exec.Cmd
	stdin  io.WriteCloser

	once sync.Once
	err  error
}

// Write gives the program more of the archive. When the program has ended,
// its own message is the error.
func (l *loading) Write(p []byte) (int, error) {
	n, err := l.stdin.Write(p)
	if err != nil {
		if failed := l.end(); failed != nil {
			err = failed
		}
	}
	return n, err
}

// Close ends the archive and waits for the program.
func (l *loading) Close() error {
	l.stdin.Close()
	return l.end()
}

// end waits for the program, once.
func (l *loading) end() error {
	l.once.Do(func() {
		if err := l.cmd.Wait(); err != nil {
			l.err = fmt.Errorf("%s load: %w: %s", l.loader.name, err, l.loader.text())
		}
	})
	return l.err
}
