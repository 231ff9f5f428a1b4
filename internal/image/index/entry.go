// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image"
)

// depthLimit is how deep indexes may be in indexes.
const depthLimit = 8

// manifestOf reads a manifest of some type.
func manifestOf[T any](ctx context.Context, s *image.Source, d v1.Descriptor) (*T, error) {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	var m T
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", d.Digest, s.Name, err)
	}
	return &m, nil
}

// register notes that a source has an entry and all that it needs.
func (b *Builder) register(ctx context.Context, s *image.Source, d v1.Descriptor, depth int) error {
	if b.origins == nil {
		b.origins = image.Origins{}
	}
	if depth > depthLimit {
		return fmt.Errorf("read %s: indexes in indexes, more than %d deep", s.Name, depthLimit)
	}
	b.note(d, s)
	switch {
	case d.MediaType.IsIndex():
		m, err := manifestOf[v1.IndexManifest](ctx, s, d)
		if err != nil {
			return err
		}
		for _, child := range m.Manifests {
			if err := b.register(ctx, s, child, depth+1); err != nil {
				return err
			}
		}
	case d.MediaType.IsImage():
		m, err := manifestOf[v1.Manifest](ctx, s, d)
		if err != nil {
			return err
		}
		for _, l := range append(m.Layers, m.Config) {
			b.note(l, s)
		}
	}
	return nil
}

// note keeps the first source that has a blob.
func (b *Builder) note(d v1.Descriptor, s *image.Source) {
	if _, ok := b.origins[d.Digest]; !ok {
		b.origins[d.Digest] = s
	}
}

// platformOf is what an image's configuration says. A variant that it leaves out
// is the one of the index that the image is from.
func platformOf(ctx context.Context, s *image.Source, d v1.Descriptor) (*v1.Platform, error) {
	m, err := manifestOf[v1.Manifest](ctx, s, d)
	if err != nil {
		return nil, err
	}
	config, err := manifestOf[v1.ConfigFile](ctx, s, m.Config)
	if err != nil {
		return nil, err
	}
	p := &v1.Platform{
		OS: config.OS, Architecture: config.Architecture, Variant: config.Variant,
		OSVersion: config.OSVersion, OSFeatures: config.OSFeatures,
	}
	if p.OS == "" || p.Architecture == "" {
		return nil, fmt.Errorf("the configuration of %s names no platform: os %q, architecture %q", s.Name, p.OS, p.Architecture)
	}
	if meant := platforms.Normalize(specPlatform(p)); meant.Architecture != p.Architecture || meant.OS != p.OS {
		return nil, fmt.Errorf("the configuration of %s says %s/%s where %s/%s is meant; no engine would find the image, so it has to be built again",
			s.Name, p.OS, p.Architecture, meant.OS, meant.Architecture)
	}
	if listed := d.Platform; p.Variant == "" && listed != nil && listed.OS == p.OS && listed.Architecture == p.Architecture {
		p.Variant = listed.Variant
	}
	return p, nil
}

func specPlatform(p *v1.Platform) ocispecs.Platform {
	return ocispecs.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion, OSFeatures: p.OSFeatures}
}

// describe is a platform in a word.
func describe(p *v1.Platform) string { return platforms.FormatAll(specPlatform(p)) }

// list is what the index has, in words.
func (b *Builder) list() string {
	var words []string
	for _, e := range b.entries {
		if e.Platform != nil && !image.IsAttestation(e) {
			words = append(words, describe(e.Platform))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
