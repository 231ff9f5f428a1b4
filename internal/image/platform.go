// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// ErrNoPlatform says that no image is for the platform that was asked for.
var ErrNoPlatform = errors.New("no image for the platform")

// indexDepth is how many indexes deep an image may be.
const indexDepth = 8

// attestationType is the annotation of BuildKit's that tells a manifest with
// attestations from an image.
const attestationType = "vnd.docker.reference.type"

// IsAttestation reports whether an index's entry holds attestations of another
// one, and is no image.
func IsAttestation(d v1.Descriptor) bool {
	return d.Annotations[attestationType] != "" ||
		d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// Images describes every image of the source, attestations left out, each with
// the platform that its configuration says. For an index these are the images
// in it and in the indexes that it has.
func (s *Source) Images(ctx context.Context) ([]v1.Descriptor, error) {
	all, err := s.imagesBelow(ctx, []v1.Descriptor{s.Root})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Platform, err = s.platform(ctx, all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Source) imagesBelow(ctx context.Context, ds []v1.Descriptor) ([]v1.Descriptor, error) {
	var images []v1.Descriptor
	seen := map[v1.Hash]bool{}
	for range indexDepth {
		var below []v1.Descriptor
		for _, d := range ds {
			if seen[d.Digest] || IsAttestation(d) {
				continue
			}
			seen[d.Digest] = true
			switch {
			case d.MediaType.IsImage():
				images = append(images, d)
			case d.MediaType.IsIndex():
				m, err := s.index(ctx, d)
				if err != nil {
					return nil, err
				}
				below = append(below, m.Manifests...)
			}
		}
		if len(below) == 0 {
			return images, nil
		}
		ds = below
	}
	return nil, fmt.Errorf("read %s: indexes in indexes, more than %d deep", s.Name, indexDepth)
}

func (s *Source) index(ctx context.Context, d v1.Descriptor) (*v1.IndexManifest, error) {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read index %s of %s: %w", d.Digest, s.Name, err)
	}
	return m, nil
}

// platform is what an image's configuration says it runs on.
func (s *Source) platform(ctx context.Context, d v1.Descriptor) (*v1.Platform, error) {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read manifest %s of %s: %w", d.Digest, s.Name, err)
	}
	if raw, err = s.Manifest(ctx, m.Config); err != nil {
		return nil, err
	}
	var p v1.Platform
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("read configuration %s of %s: %w", m.Config.Digest, s.Name, err)
	}
	return &p, nil
}

// Select finds the image for a platform. Without one it is the only image there
// is, or else the one for this machine's architecture on Linux.
func (s *Source) Select(ctx context.Context, p *v1.Platform) (v1.Descriptor, error) {
	all, err := s.Images(ctx)
	if err != nil {
		return v1.Descriptor{}, err
	}
	if p == nil && len(all) == 1 {
		return all[0], nil
	}
	want := platforms.Normalize(ocispecs.Platform{OS: "linux", Architecture: runtime.GOARCH})
	if p != nil {
		want = platforms.Normalize(specPlatform(p))
	}
	match := platforms.Only(want)
	best := -1
	for i, d := range all {
		has := specPlatform(d.Platform)
		if match.Match(has) && (best < 0 || match.Less(has, specPlatform(all[best].Platform))) {
			best = i
		}
	}
	if best < 0 {
		return v1.Descriptor{}, fmt.Errorf("%w %s in %s: there is %s", ErrNoPlatform, platforms.FormatAll(want), s.Name, listPlatforms(all))
	}
	return all[best], nil
}

func listPlatforms(all []v1.Descriptor) string {
	var words []string
	for _, d := range all {
		words = append(words, platforms.FormatAll(specPlatform(d.Platform)))
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// specPlatform is a platform in the type of the specification.
func specPlatform(p *v1.Platform) ocispecs.Platform {
	return ocispecs.Platform{
		OS: p.OS, Architecture: p.Architecture, Variant: p.Variant,
		OSVersion: p.OSVersion, OSFeatures: p.OSFeatures,
	}
}
