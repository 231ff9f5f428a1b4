// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/distribution/reference"

	"github.com/strata-build/strata/internal/image"
)

// daemon writes an archive into docker load.
type daemon struct {
	archive
	command string
	cmd     *exec.Cmd
	said    strings.Builder
}

func openDaemon(n image.Name, o Options) (place, error) {
	if n.Ref == nil {
		return nil, errors.New("an image ID cannot be chosen")
	}
	if _, ok := n.Ref.(reference.Tagged); !ok {
		return nil, errors.New("an image is loaded under a tag, not a digest")
	}
	d := &daemon{command: o.Docker}
	if d.command == "" {
		d.command = "docker"
	}
	d.name, d.docker, d.tags = n, true, []string{reference.FamiliarString(n.Ref)}
	return d, nil
}

// begin starts docker.
func (d *daemon) begin(ctx context.Context, p *plan) error {
	if err := d.check(p); err != nil {
		return err
	}
	d.cmd = exec.CommandContext(ctx, d.command, "load", "--quiet")
	d.cmd.Stdout, d.cmd.Stderr = &d.said, &d.said
	stdin, err := d.cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start docker load: %w", err)
	}
	if err := d.cmd.Start(); err != nil {
		return fmt.Errorf("start docker load: %w", err)
	}
	d.out = pipe{stdin}
	if err := d.archive.begin(ctx, p); err != nil {
		return d.wait(err)
	}
	return nil
}

// pipe is only written to.
type pipe struct{ io.WriteCloser }

// finish ends the archive and waits for docker.
func (d *daemon) finish(ctx context.Context, p *plan) error {
	if err := d.archive.finish(ctx, p); err != nil {
		return err
	}
	return d.wait(nil)
}

// wait gives docker's own words if it failed.
func (d *daemon) wait(cause error) error {
	if d.cmd == nil || d.cmd.Process == nil {
		return cause
	}
	err := d.cmd.Wait()
	d.cmd = nil
	if err == nil {
		return cause
	}
	text := strings.TrimSpace(d.said.String())
	if text == "" {
		return fmt.Errorf("docker load: %w", err)
	}
	lines := strings.Split(text, "\n")
	return fmt.Errorf("docker load: %s", lines[len(lines)-1])
}

// close kills docker before it takes half an archive for a whole one.
func (d *daemon) close() error {
	if d.cmd == nil || d.cmd.Process == nil {
		return nil
	}
	_ = d.cmd.Process.Kill() // it may have ended by itself
	return errors.Join(d.archive.close(), d.wait(nil))
}
