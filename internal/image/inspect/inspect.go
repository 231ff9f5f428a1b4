// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/spell"
)

// Options say what to look at. The zero value looks at this machine's platform.
type Options struct {
	// Platform is the one to look at.
	Platform *v1.Platform
	// BLAKE3 asks for these digests, too.
	BLAKE3 bool
	// Referrers asks for what is about the image and its index.
	Referrers bool
}

// Image reads an image and its layers.
func Image(ctx context.Context, s *image.Source, o Options) (*Report, error) {
	d, r, err := begin(ctx, s, o)
	if err != nil {
		return nil, err
	}
	m, err := readJSON[v1.Manifest](ctx, s, d)
	if err != nil {
		return nil, err
	}
	config, err := readJSON[v1.ConfigFile](ctx, s, m.Config)
	if err != nil {
		return nil, err
	}
	r.Manifest, r.ConfigDigest, r.Config = d.Digest, m.Config.Digest, *config
	if len(config.RootFS.DiffIDs) != len(m.Layers) {
		return nil, fmt.Errorf("%s has %s, its configuration has %d", s.Name, spell.Count(len(m.Layers), "layer"), len(config.RootFS.DiffIDs))
	}
	scans, err := scanAll(ctx, s, m, config, o)
	if err != nil {
		return nil, err
	}
	r.fill(m, config, scans)
	return r, nil
}

// begin finds the image, and what else is there.
func begin(ctx context.Context, s *image.Source, o Options) (v1.Descriptor, *Report, error) {
	r := &Report{Name: s.Name.String(), Digest: s.Root.Digest, MediaType: string(s.Root.MediaType)}
	d, err := s.Select(ctx, o.Platform)
	all, failed := s.Images(ctx)
	for _, d := range all {
		r.Platforms = append(r.Platforms, platformWord(d.Platform))
	}
	if errors.Is(err, image.ErrNoPlatform) && o.Platform == nil && len(all) > 0 {
		d, err = all[0], failed // there is none for this machine: any is better than nothing
	}
	if err != nil {
		return d, nil, err
	}
	r.Platform = platformWord(d.Platform)
	if o.Referrers {
		if r.Referrers, err = referrers(ctx, s, d); err != nil {
			return d, nil, err
		}
	}
	statements, err := Attestations(ctx, s, d.Digest)
	for _, a := range statements {
		r.Attestations = append(r.Attestations, a.Type)
	}
	return d, r, err
}

func platformWord(p *v1.Platform) string {
	return platforms.FormatAll(ocispecs.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion})
}

// scanAll reads the layers concurrently.
func scanAll(ctx context.Context, s *image.Source, m *v1.Manifest, config *v1.ConfigFile, o Options) ([]*scan, error) {
	scans := make([]*scan, len(m.Layers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	for i, l := range m.Layers {
		group.Go(func() (err error) {
			if scans[i], err = scanLayer(ctx, s, l, config.RootFS.DiffIDs[i], o.BLAKE3); err != nil {
				return fmt.Errorf("read layer %d of %s: %w", i+1, s.Name, err)
			}
			return nil
		})
	}
	return scans, group.Wait()
}

// readJSON reads a manifest or a configuration.
func readJSON[T any](ctx context.Context, s *image.Source, d v1.Descriptor) (*T, error) {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	out := new(T)
	if err := decode(bytes.NewReader(raw), out); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", d.Digest, s.Name, err)
	}
	return out, nil
}

// fill puts the layers together.
func (r *Report) fill(m *v1.Manifest, config *v1.ConfigFile, scans []*scan) {
	made := histories(config, len(scans))
	all := &tree{}
	installed := map[string]string{}
	for i, s := range scans {
		l := s.layer
		l.Digest, l.DiffID, l.MediaType, l.Size = m.Layers[i].Digest, config.RootFS.DiffIDs[i], string(m.Layers[i].MediaType), m.Layers[i].Size
		l.Made, l.Created = made[i].CreatedBy, made[i].Created.Time
		l.Strategy, l.Made = Made(l.Made)
		l.Packages = s.changed(installed)
		all.apply(i, s.entries)
		r.Layers = append(r.Layers, l)
		r.Size += l.Size
		r.Unpacked += l.Unpacked
	}
	r.All = all.files()
	for _, f := range r.All {
		if !f.Gone {
			r.Files++
			continue
		}
		r.Wasted += f.Size
		r.Layers[f.Layer].Wasted += f.Size
		r.Layers[f.Layer].WastedFiles++
	}
}
