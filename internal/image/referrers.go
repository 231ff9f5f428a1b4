// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image/registry"
)

// Referrer is a manifest about another one: a signature, a list of contents, an
// attestation.
type Referrer struct {
	v1.Descriptor
	// Tag is the tag that says what it is about, for what cosign keeps that way. It is
	// empty for a manifest that says it itself, by its subject.
	Tag string
}

// cosignSuffixes end the tags of what cosign keeps beside an image.
func cosignSuffixes() []string { return []string{".sig", ".att", ".sbom"} }

// reReferrer is the tag of an index of referrers, or of what cosign keeps.
var reReferrer = regexp.MustCompile(`^sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?$`)

// IsReferrersTag reports whether a tag stands for what is about an image, not for an
// image.
func IsReferrersTag(tag string) bool { return reReferrer.MatchString(tag) }

// Referrers lists what is about a manifest, in the place that it is in. Archives of
// docker's have nothing of the kind.
func (s *Source) Referrers(ctx context.Context, of v1.Hash) ([]Referrer, error) {
	switch b := s.blobs.(type) {
	case *remote:
		return b.referrers(ctx, of)
	case directory:
		data, err := b.index()
		if err != nil {
			return nil, err
		}
		return s.referrersIn(ctx, data, of)
	case layoutArchive:
		data, err := b.read(ocispecs.ImageIndexFile)
		if err != nil {
			return nil, err
		}
		return s.referrersIn(ctx, data, of)
	}
	return nil, nil
}

// referrers asks a registry.
func (r *remote) referrers(ctx context.Context, of v1.Hash) ([]Referrer, error) {
	found, err := r.repo.Referrers(ctx, of)
	if err != nil {
		return nil, err
	}
	var all []Referrer
	for _, d := range found {
		all = append(all, Referrer{Descriptor: d})
	}
	for _, suffix := range cosignSuffixes() {
		tag := registry.ReferrersTag(of) + suffix
		d, _, err := r.repo.Manifest(ctx, tag)
		if errors.Is(err, registry.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, Referrer{Descriptor: d, Tag: tag})
	}
	return all, nil
}

// referrersIn looks through a layout's index: for the index of referrers, for what
// cosign keeps, and for manifests that name their subject.
func (s *Source) referrersIn(ctx context.Context, data []byte, of v1.Hash) ([]Referrer, error) {
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ocispecs.ImageIndexFile, err)
	}
	var all []Referrer
	seen := map[v1.Hash]bool{}
	add := func(d v1.Descriptor, tag string) {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			all = append(all, Referrer{d, tag})
		}
	}
	tag := registry.ReferrersTag(of)
	for _, d := range index.Manifests {
		name := d.Annotations[ocispecs.AnnotationRefName]
		switch {
		case name == tag && d.MediaType.IsIndex():
			listed, err := s.index(ctx, d)
			if err != nil {
				return nil, err
			}
			for _, d := range listed.Manifests {
				add(d, "")
			}
		case IsReferrersTag(name):
			for _, suffix := range cosignSuffixes() {
				if name == tag+suffix {
					add(v1.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size, ArtifactType: d.ArtifactType}, name)
				}
			}
		case s.isAbout(ctx, d, of):
			add(v1.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size, ArtifactType: d.ArtifactType}, "")
		}
	}
	return all, nil
}

// isAbout reports whether a manifest's subject has a digest.
func (s *Source) isAbout(ctx context.Context, d v1.Descriptor, of v1.Hash) bool {
	if !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
		return false
	}
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return false // it is another image's fault
	}
	var m struct{ Subject v1.Descriptor }
	return json.Unmarshal(raw, &m) == nil && m.Subject.Digest == of
}
