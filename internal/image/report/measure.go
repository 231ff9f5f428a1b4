// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/inspect"
	"github.com/strata-build/strata/internal/spell"
)

// Reading says which layers are read, to count their files. The zero value reads
// none.
type Reading struct {
	// All asks for every layer that is there. Without it layers of the base are
	// not read, and of the others, in their order, those that come to Limit bytes.
	All   bool
	Limit int64
}

// Measure adds what the exported image says: the layers of the base, digests and
// sizes. A layer that is not there, because it did not have to be fetched, keeps its
// unknowns.
func (img *Image) Measure(ctx context.Context, s *image.Source, r Reading) error {
	p, err := platforms.Parse(img.Platform)
	if err != nil {
		return fmt.Errorf("read platform: %w", err)
	}
	d, err := s.Select(ctx, &v1.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion})
	if err != nil {
		return err
	}
	var m v1.Manifest
	var config v1.ConfigFile
	if err := readJSON(ctx, s, d, &m); err != nil {
		return err
	}
	if err := readJSON(ctx, s, m.Config, &config); err != nil {
		return err
	}
	img.Digest, img.ConfigDigest = s.Root.Digest.String(), m.Config.Digest.String()
	img.Manifest = &v1.Descriptor{MediaType: d.MediaType, Size: d.Size, Digest: d.Digest}
	if err := img.align(&m, &config); err != nil {
		return fmt.Errorf("report on %s: %w", d.Digest, err)
	}
	return img.read(ctx, s, r)
}

func readJSON(ctx context.Context, s *image.Source, d v1.Descriptor, into any) error {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read %s of %s: %w", d.Digest, s.Name, err)
	}
	return nil
}

// align finds the planned layers in the image by its history, whose last entries
// are theirs. What comes before is the base's.
func (img *Image) align(m *v1.Manifest, config *v1.ConfigFile) error {
	if len(m.Layers) != len(config.RootFS.DiffIDs) {
		return fmt.Errorf("it has %s, its configuration has %d", spell.Count(len(m.Layers), "layer"), len(config.RootFS.DiffIDs))
	}
	planned := img.Layers
	first := len(config.History) - len(planned)
	if first < 0 {
		return fmt.Errorf("its history has %s, and %d layers were planned", spell.Count(len(config.History), "entry"), len(planned))
	}
	img.Layers = []Layer{}
	next := 0
	for i, h := range config.History {
		var l Layer
		if i >= first {
			l = planned[i-first]
		} else {
			_, made := inspect.Made(h.CreatedBy)
			l = Layer{Strategy: Base, Made: made}
		}
		switch {
		case !h.EmptyLayer && next == len(m.Layers):
			return fmt.Errorf("its history has more layers than the %d in its manifest", next)
		case !h.EmptyLayer:
			d := m.Layers[next]
			l.Digest, l.DiffID = d.Digest.String(), config.RootFS.DiffIDs[next].String()
			l.MediaType, l.Size = string(d.MediaType), &d.Size
			next++
		case i < first:
			continue
		}
		img.Layers = append(img.Layers, l)
	}
	if next < len(m.Layers) {
		return fmt.Errorf("its history has %s, its manifest has %d", spell.Count(next, "layer"), len(m.Layers))
	}
	return nil
}

// read counts files.
func (img *Image) read(ctx context.Context, s *image.Source, r Reading) error {
	left := r.Limit
	for i := range img.Layers {
		l := &img.Layers[i]
		if l.Digest == "" || !r.All && (l.Strategy == Base || *l.Size > left) {
			continue
		}
		left -= *l.Size
		if err := l.read(ctx, s); err != nil && !isAbsent(err) {
			return fmt.Errorf("read layer %d of %s: %w", i+1, s.Name, err)
		}
	}
	return nil
}

func (l *Layer) read(ctx context.Context, s *image.Source) error {
	d := v1.Descriptor{MediaType: "", Size: *l.Size}
	var err error
	if d.Digest, err = v1.NewHash(l.Digest); err != nil {
		return err
	}
	diffID, err := v1.NewHash(l.DiffID)
	if err != nil {
		return err
	}
	read, err := inspect.ReadLayer(ctx, s, d, diffID)
	if err != nil {
		return err
	}
	l.Files, l.Unpacked = &read.Files, &read.Unpacked
	return nil
}

// isAbsent reports whether a blob is not there.
func isAbsent(err error) bool { return cerrdefs.IsNotFound(err) || errors.Is(err, fs.ErrNotExist) }
