// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"

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
// one, and is not an image.
func IsAttestation(d v1.Descriptor) bool {
	return d.Annotations[attestationType] != "" ||
		d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// Images describes every image of the source, attestations and artifacts left out,
// each with the platform that the index says, or its configuration where the index
// says nothing. For an index these are the images in it and in the indexes that it
// has; one that is listed for several platforms is there for each. What can be read
// is there also when there is an error.
func (s *Source) Images(ctx context.Context) ([]v1.Descriptor, error) {
	all, failed := s.imagesBelow(ctx, []v1.Descriptor{s.Root})
	out, err := s.describeAll(ctx, all)
	return out, cmp.Or(failed, err)
}

// describeAll gives each image its platform. What turns out to be an artifact is
// left out. What can be described is, also when there is an error.
func (s *Source) describeAll(ctx context.Context, all []v1.Descriptor) (out []v1.Descriptor, failed error) {
	for _, d := range all {
		d, err := s.Describe(ctx, d)
		if _, ok := errors.AsType[*ArtifactError](err); ok && len(all) > 1 {
			continue
		}
		if err != nil {
			failed = cmp.Or(failed, err)
			continue
		}
		out = append(out, d)
	}
	return out, failed
}

// Describe completes the descriptor of an image with its platform: what the
// descriptor says, or what the image's configuration says.
func (s *Source) Describe(ctx context.Context, d v1.Descriptor) (v1.Descriptor, error) {
	if saysPlatform(d) {
		return d, nil
	}
	p, err := s.platform(ctx, d)
	d.Platform = p
	return d, err
}

// saysPlatform reports whether a descriptor has the platform of an image.
func saysPlatform(d v1.Descriptor) bool {
	return d.Platform != nil && d.Platform.OS != "" && d.Platform.Architecture != ""
}

// imagesBelow lists the images of indexes, each once for every platform that it is
// listed for. Indexes that can't be read are passed over: the error is of the first
// of them.
func (s *Source) imagesBelow(ctx context.Context, ds []v1.Descriptor) (images []v1.Descriptor, failed error) {
	seen := map[string]bool{}
	for range indexDepth {
		var below []v1.Descriptor
		for _, d := range ds {
			key := entryKey(d)
			isOther := IsAttestation(d) || !IsImageType(d.ArtifactType)
			if seen[key] || isOther && d.Digest != s.Root.Digest {
				continue
			}
			seen[key] = true
			switch {
			case d.MediaType.IsImage():
				images = append(images, d)
			case d.MediaType.IsIndex():
				m, err := s.index(ctx, d)
				if err != nil {
					failed = cmp.Or(failed, err)
					continue
				}
				below = append(below, inherit(d, m.Manifests)...)
			}
		}
		if len(below) == 0 {
			return images, failed
		}
		ds = below
	}
	return nil, fmt.Errorf("read %s: indexes in indexes, more than %d deep", s.Name, indexDepth)
}

// inherit gives the entries of an index that say no platform the one of the entry that
// the index is in another one.
func inherit(index v1.Descriptor, entries []v1.Descriptor) []v1.Descriptor {
	if !saysPlatform(index) {
		return entries
	}
	out := slices.Clone(entries)
	for i, d := range out {
		if d.Platform == nil || d.Platform.OS == "" && d.Platform.Architecture == "" {
			out[i].Platform = index.Platform
		}
	}
	return out
}

// entryKey tells entries of an index apart: one image may be there for several
// platforms.
func entryKey(d v1.Descriptor) string {
	if d.Platform == nil {
		return d.Digest.String()
	}
	return d.Digest.String() + " " + platforms.FormatAll(specPlatform(d.Platform))
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
	if t := ArtifactType(&m); t != "" {
		return nil, &ArtifactError{Name: s.Name.String(), Digest: d.Digest, Type: t}
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
// is, or else the one for this machine's architecture on Linux. Configurations are
// read only of images whose platform the index leaves open, and then only if no
// other one is for exactly the platform.
func (s *Source) Select(ctx context.Context, p *v1.Platform) (v1.Descriptor, error) {
	all, failed := s.imagesBelow(ctx, []v1.Descriptor{s.Root})
	if p == nil && len(all) == 1 && failed == nil {
		return s.Describe(ctx, all[0])
	}
	want := platforms.Normalize(ocispecs.Platform{OS: "linux", Architecture: runtime.GOARCH})
	if p != nil {
		want = platforms.Normalize(specPlatform(p))
	}
	said := slices.DeleteFunc(slices.Clone(all), func(d v1.Descriptor) bool { return !saysPlatform(d) })
	best := bestFor(want, said)
	if best >= 0 && IsFor(want, said[best].Platform) {
		return said[best], nil
	}
	described, err := s.describeAll(ctx, all)
	if best = bestFor(want, described); best >= 0 {
		return described[best], nil
	}
	if failed = cmp.Or(failed, err); failed != nil {
		return v1.Descriptor{}, failed
	}
	return v1.Descriptor{}, fmt.Errorf("%w %s in %s: there is %s", ErrNoPlatform, platforms.FormatAll(want), s.Name, listPlatforms(described))
}

// IsFor reports whether an image's platform is the wanted one. Features of the system
// that the image needs do not count where none are asked for.
func IsFor(want ocispecs.Platform, has *v1.Platform) bool {
	return platforms.OnlyStrict(want).Match(without(want, has))
}

// without is a platform without features of the system if none are asked for.
func without(want ocispecs.Platform, has *v1.Platform) ocispecs.Platform {
	p := specPlatform(has)
	if len(want.OSFeatures) == 0 {
		p.OSFeatures = nil
	}
	return p
}

// bestFor is the number of the image that suits a platform best, or -1: rather one that
// needs no features of the system that are not asked for.
func bestFor(want ocispecs.Platform, all []v1.Descriptor) int {
	match := platforms.Only(want)
	best, bestHas := -1, ocispecs.Platform{}
	for i, d := range all {
		has := without(want, d.Platform)
		switch {
		case !match.Match(has):
		case best < 0, match.Less(has, bestHas),
			!match.Less(bestHas, has) && len(d.Platform.OSFeatures) < len(all[best].Platform.OSFeatures):
			best, bestHas = i, has
		}
	}
	return best
}

func listPlatforms(all []v1.Descriptor) string {
	var words []string
	for _, d := range all {
		words = append(words, platforms.FormatAll(specPlatform(d.Platform)))
	}
	if len(words) == 0 {
		return "none"
	}
	return listed(words)
}

// specPlatform is a platform in the type of the specification.
func specPlatform(p *v1.Platform) ocispecs.Platform {
	return ocispecs.Platform{
		OS: p.OS, Architecture: p.Architecture, Variant: p.Variant,
		OSVersion: p.OSVersion, OSFeatures: p.OSFeatures,
	}
}
