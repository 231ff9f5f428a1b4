// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image"
)

// attestedDigest is BuildKit's annotation of which image an attestation is about.
const attestedDigest = "vnd.docker.reference.digest"

// Builder puts an index together. The zero Builder is an empty index.
type Builder struct {
	entries     []v1.Descriptor
	annotations map[string]string
	origins     image.Origins
	from        map[v1.Hash]image.Name
	// Replaced are entries that gave way to others of the same platform.
	Replaced []v1.Descriptor
}

// Open begins with the entries and annotations of an index that is there.
func (b *Builder) Open(ctx context.Context, s *image.Source) error {
	if !s.Root.MediaType.IsIndex() {
		return fmt.Errorf("%s is no index but %s; make one of it by \"strata index create\"", s.Name, s.Root.MediaType)
	}
	m, err := manifestOf[v1.IndexManifest](ctx, s, s.Root)
	if err != nil {
		return err
	}
	b.annotations = maps.Clone(m.Annotations)
	return b.Add(ctx, s, false)
}

// Add takes an image, or the entries of an index. A platform that is there already
// gives way if replace says so, and else is an error.
func (b *Builder) Add(ctx context.Context, s *image.Source, replace bool) error {
	if !s.Root.MediaType.IsIndex() {
		return b.add(ctx, s, s.Root, replace)
	}
	m, err := manifestOf[v1.IndexManifest](ctx, s, s.Root)
	if err != nil {
		return err
	}
	for _, d := range m.Manifests {
		if err := b.add(ctx, s, d, replace); err != nil {
			return err
		}
	}
	return nil
}

// add takes one entry.
func (b *Builder) add(ctx context.Context, s *image.Source, d v1.Descriptor, replace bool) error {
	if err := b.register(ctx, s, d, 0); err != nil {
		return err
	}
	d = entryOf(d)
	if !image.IsAttestation(d) && d.MediaType.IsImage() {
		p, err := platformOf(ctx, s, d)
		if err != nil {
			return err
		}
		d.Platform = p
		if err := b.makeRoom(s, d, replace); err != nil {
			return err
		}
	}
	for _, e := range b.entries {
		if e.Digest == d.Digest {
			return nil
		}
	}
	if b.from == nil {
		b.from = map[v1.Hash]image.Name{}
	}
	b.from[d.Digest] = s.Name
	b.entries = append(b.entries, d)
	return nil
}

// entryOf is a descriptor without what belonged to the place it is from.
func entryOf(d v1.Descriptor) v1.Descriptor {
	out := v1.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size, Platform: d.Platform, ArtifactType: d.ArtifactType}
	out.Annotations = maps.Clone(d.Annotations)
	delete(out.Annotations, ocispecs.AnnotationRefName)
	delete(out.Annotations, "io.containerd.image.name")
	delete(out.Annotations, ocispecs.AnnotationCreated)
	if len(out.Annotations) == 0 {
		out.Annotations = nil
	}
	return out
}

// makeRoom removes another image of the same platform, or refuses.
func (b *Builder) makeRoom(s *image.Source, d v1.Descriptor, replace bool) error {
	for _, e := range b.entries {
		if e.Digest == d.Digest || e.Platform == nil || image.IsAttestation(e) || !e.Platform.Equals(*d.Platform) {
			continue
		}
		if !replace {
			return fmt.Errorf("both %s and %s are for %s", b.from[e.Digest], s.Name, describe(d.Platform))
		}
		b.Replaced = append(b.Replaced, e)
		b.drop(e.Digest)
		return nil
	}
	return nil
}

// drop removes an image and its attestations.
func (b *Builder) drop(h v1.Hash) {
	var kept []v1.Descriptor
	for _, e := range b.entries {
		if e.Digest != h && e.Annotations[attestedDigest] != h.String() {
			kept = append(kept, e)
		}
	}
	b.entries = kept
}

// Remove removes the images that a word names: a platform or a digest.
func (b *Builder) Remove(word string) error {
	var found []v1.Hash
	p, platformErr := platforms.Parse(word)
	for _, e := range b.entries {
		isIt := e.Digest.String() == word
		if !isIt && platformErr == nil && e.Platform != nil && !image.IsAttestation(e) {
			isIt = platforms.OnlyStrict(p).Match(specPlatform(e.Platform))
		}
		if isIt {
			found = append(found, e.Digest)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("the index has no image %s; it has %s", word, b.list())
	}
	for _, h := range found {
		b.drop(h)
	}
	return nil
}

// Annotate sets an annotation of the index.
func (b *Builder) Annotate(key, value string) {
	if b.annotations == nil {
		b.annotations = map[string]string{}
	}
	b.annotations[key] = value
}

// AnnotateEntries sets an annotation of every image's entry, or of those for one
// platform.
func (b *Builder) AnnotateEntries(p *v1.Platform, key, value string) error {
	found := false
	for i, e := range b.entries {
		if image.IsAttestation(e) || p != nil && (e.Platform == nil || !platforms.OnlyStrict(specPlatform(p)).Match(specPlatform(e.Platform))) {
			continue
		}
		found = true
		e.Annotations = maps.Clone(e.Annotations)
		if e.Annotations == nil {
			e.Annotations = map[string]string{}
		}
		e.Annotations[key] = value
		b.entries[i] = e
	}
	if !found && p != nil {
		return fmt.Errorf("the index has no image for %s; it has %s", describe(p), b.list())
	}
	return nil
}

// Index gives the index, ready to be copied. The sources have to stay open.
func (b *Builder) Index(name image.Name) (*image.Source, error) {
	if len(b.entries) == 0 {
		return nil, errors.New("an index without any image is of no use")
	}
	raw, err := json.MarshalIndent(v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: b.entries, Annotations: b.annotations,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode index: %w", err)
	}
	return image.Compose(name, types.OCIImageIndex, raw, b.origins)
}
