// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

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
	named, err := d.pins.resolve(ref, func(name string) (reference.Named, error) {
		named, _, err := d.daemon.resolve(ctx, plan.Tree{Kind: plan.Registry, Name: name, Platform: platforms.Format(d.daemon.Platform)}, d.daemon.Platform)
		return named, err
	})
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", ref, err)
	}
	out.image, out.pinned = named.String(), true
	return out, nil
}
