// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/distribution/reference"
)

// openDaemon has the docker engine write an archive, and opens that. The docker
// command does it, with its contexts and its environment.
func openDaemon(ctx context.Context, n Name, o Options) (*Source, error) {
	f, err := os.CreateTemp(o.Temp, "strata-docker-*")
	if err != nil {
		return nil, fmt.Errorf("make temporary file: %w", err)
	}
	s, err := saveTo(ctx, f, n, o)
	err = errors.Join(err, f.Close())
	if err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	closeArchive := s.close
	s.close = func() error { return errors.Join(closeArchive(), os.Remove(f.Name())) }
	return s, nil
}

func saveTo(ctx context.Context, f *os.File, n Name, o Options) (*Source, error) {
	word := n.Digest
	if n.Ref != nil {
		word = reference.FamiliarString(n.Ref)
	}
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, o.docker(), "save", word)
	cmd.Stdout, cmd.Stderr = f, &stderr
	if err := cmd.Run(); err != nil {
		return nil, commandError("docker save", err, stderr.String())
	}
	return openDockerArchive(ctx, Name{Transport: DockerArchive, Path: f.Name()}, o)
}

// commandError is what a program said last, or how it ended.
func commandError(what string, err error, stderr string) error {
	text := strings.TrimSpace(stderr)
	if errors.Is(err, exec.ErrNotFound) || text == "" {
		return fmt.Errorf("%s: %w", what, err)
	}
	lines := strings.Split(text, "\n")
	return fmt.Errorf("%s: %s", what, lines[len(lines)-1])
}
