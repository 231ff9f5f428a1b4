// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// frontendImage is the image that a Dockerfile's syntax line names.
type frontendImage struct {
	// image is its reference, with its digest where a lock has one or is written.
	image  string
	pinned bool
	// words are what the line says besides.
	words string
}

// line is the line as the image is to be taken.
func (f *frontendImage) line() string { return strings.TrimSpace(f.image + " " + f.words) }

// reader finds the image that a Dockerfile wants to be read by; nil if it has no such
// line. An image that isn't pinned is left to the daemon.
func (d *dockerfiles) reader(ctx context.Context, text []byte) (*frontendImage, error) {
	ref, line, _, ok := parser.DetectSyntax(text)
	if !ok {
		return nil, nil //nolint:nilnil // most have none
	}
	_, words, _ := strings.Cut(line, " ")
	out := &frontendImage{image: ref, words: words}
	if d.pins.of(ref) == nil {
		return out, nil
	}
	named, err := d.pins.lookUp(ctx, d.daemon, ref)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", ref, err)
	}
	out.image, out.pinned = named.String(), true
	return out, nil
}

// Digest is what the tag of an image stands for, by the pins.
func (f *Finder) Digest(ctx context.Context, ref string) (digest.Digest, error) {
	named, err := f.pins.lookUp(ctx, f.daemon, ref)
	if err != nil {
		return "", err
	}
	digested, ok := named.(reference.Digested)
	if !ok {
		return "", errors.New("the daemon does not say its digest")
	}
	return digested.Digest(), nil
}

// lookUp looks an image up for the daemon's own platform.
func (p *pins) lookUp(ctx context.Context, d *Daemon, ref string) (reference.Named, error) {
	return p.resolve(ref, func(name string) (reference.Named, error) {
		named, _, err := d.resolve(ctx, plan.Tree{Kind: plan.Registry, Name: name, Platform: platforms.Format(d.Platform)}, d.Platform)
		return named, err
	})
}

// OwnImage is the image that this frontend runs in, as a lock has its name, and its
// digest. They are empty outside of an image.
func (d *Daemon) OwnImage(ctx context.Context) (name string, of digest.Digest, err error) {
	st, err := d.currentFrontend()
	if err != nil || st == nil {
		return "", "", err
	}
	def, err := d.Marshal(ctx, *st)
	if err != nil {
		return "", "", err
	}
	for _, data := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(data); err != nil {
			return "", "", fmt.Errorf("read the frontend's graph: %w", err)
		}
		ref, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), "docker-image://")
		if !ok {
			continue
		}
		named, err := reference.ParseNormalizedNamed(ref)
		if err != nil {
			return "", "", err
		}
		if digested, ok := named.(reference.Digested); ok {
			name, _, _ := strings.Cut(ref, "@")
			name, _ = lock.ImageName(name)
			return name, digested.Digest(), nil
		}
	}
	return "", "", nil
}
