// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
)

// daemon writes an archive into docker load.
type daemon struct {
	archive
	command string
	cmd     *exec.Cmd
	said    strings.Builder

	once  sync.Once
	ended error
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
	return d.instead(d.archive.begin(ctx, p))
}

// pipe is only written to.
type pipe struct{ io.WriteCloser }

// finish ends the archive and waits for docker, which need not read the mark at the end.
func (d *daemon) finish(ctx context.Context, p *plan) error {
	if err := d.archive.finish(ctx, p); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return d.wait()
}

// blob gives docker a blob.
func (d *daemon) blob(ctx context.Context, b v1.Descriptor, from *reading) (How, error) {
	how, err := d.archive.blob(ctx, b, from)
	return how, d.instead(err)
}

// instead gives docker's own words for an error that says no more than that docker has
// ended.
func (d *daemon) instead(err error) error {
	if !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return cmp.Or(d.wait(), err)
}

// wait gives docker's own words if it failed. It has ended, or has all that it gets.
func (d *daemon) wait() error {
	d.once.Do(func() {
		err := d.cmd.Wait()
		text := strings.TrimSpace(d.said.String())
		if err != nil && text != "" {
			lines := strings.Split(text, "\n")
			err = errors.New(lines[len(lines)-1])
		}
		if err != nil {
			d.ended = fmt.Errorf("docker load: %w", err)
		}
	})
	return d.ended
}

// close kills docker before it takes half an archive for a whole one.
func (d *daemon) close() error {
	if d.cmd == nil || d.cmd.Process == nil {
		return nil
	}
	_ = d.cmd.Process.Kill() // it may have ended by itself
	return errors.Join(d.archive.close(), d.wait())
}
