// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
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
	var why []string
	for _, c := range []struct {
		name string
		args []string
	}{{"docker", docker}, {"podman", nil}} {
		if _, err := exec.LookPath(c.name); err != nil {
			why = append(why, c.name+" is not installed")
			continue
		}
		probe := exec.CommandContext(ctx, c.name, append(c.args, "version", "--format", "{{.Version}}")...)
		if c.name == "docker" {
			probe.Args[len(probe.Args)-1] = "{{.Server.Version}}"
		}
		if out, err := probe.CombinedOutput(); err != nil {
			why = append(why, c.name+" does not work: "+firstLine(out, err))
			continue
		}
		return &loader{name: c.name, args: append(c.args, "load")}, nil
	}
	return nil, &hinted{
		fmt.Errorf("--load needs docker or podman: %s", strings.Join(why, "; ")),
		"use --output type=docker,dest=FILE to write the archive to a file",
	}
}

// firstLine is what a failed program said first.
func firstLine(out []byte, err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if line == "" {
		return err.Error()
	}
	return line
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
	return &loading{loader: l, stdin: stdin, wait: sync.OnceValue(cmd.Wait)}, nil
}

// Write keeps what the program says.
func (l *loader) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.output.Write(p)
}

// said is what the program said.
func (l *loader) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(l.output.String())
}

// loading is a program that runs.
type loading struct {
	loader *loader
	stdin  io.WriteCloser
	wait   func() error
}

// Write gives the program more of the archive. When the program has given up,
// its own words are the error.
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

func (l *loading) end() error {
	if err := l.wait(); err != nil {
		return fmt.Errorf("%s load: %w: %s", l.loader.name, err, l.loader.said())
	}
	return nil
}
