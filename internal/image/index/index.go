// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

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
	entries     []entry
	annotations map[string]string
	// raw is the index that it began with.
	raw []byte
	// Replaced are entries that gave way to others of the same platform.
	Replaced []v1.Descriptor
}

// Open begins with what an index that is there has.
func (b *Builder) Open(ctx context.Context, s *image.Source) error {
	if !s.Root.MediaType.IsIndex() {
		return fmt.Errorf("%s is not an index but %s; make one of it with \"strata index create\"", s.Name, s.Root.MediaType)
	}
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return err
	}
	m, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("read index %s of %s: %w", s.Root.Digest, s.Name, err)
	}
	b.raw, b.annotations = raw, maps.Clone(m.Annotations)
	b.entries, err = entriesOf(ctx, s)
	return err
}

// Add takes an image, or the entries of an index. A platform that is there already
// gives way if replace says so, and else is an error.
func (b *Builder) Add(ctx context.Context, s *image.Source, replace bool) error {
	entries := []entry{{Descriptor: s.Root, source: s}}
	if s.Root.MediaType.IsIndex() {
		var err error
		if entries, err = entriesOf(ctx, s); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := b.add(ctx, e, replace); err != nil {
			return err
		}
	}
	return nil
}

// add takes one entry.
func (b *Builder) add(ctx context.Context, e entry, replace bool) error {
	e.Annotations = withoutPlace(e.Annotations)
	e, err := e.describe(ctx)
	if err != nil {
		return err
	}
	if err := b.makeRoom(e, replace); err != nil {
		return err
	}
	if !slices.ContainsFunc(b.entries, e.same) {
		b.entries = append(b.entries, e)
	}
	return nil
}

// withoutPlace are annotations without those that belong to a layout's entry.
func withoutPlace(annotations map[string]string) map[string]string {
	out := maps.Clone(annotations)
	delete(out, ocispecs.AnnotationRefName)
	delete(out, "io.containerd.image.name")
	delete(out, ocispecs.AnnotationCreated)
	if len(out) == 0 {
		return nil
	}
	return out
}

// makeRoom removes other sources' images of the same platform, or refuses.
func (b *Builder) makeRoom(e entry, replace bool) error {
	var gone []entry
	for _, old := range b.entries {
		if !e.isImage() || !old.isImage() || old.source == e.source || old.Digest == e.Digest || !isSame(old.Platform, e.Platform) {
			continue
		}
		if !replace {
			return fmt.Errorf("both %s and %s are for %s", old.source.Name, e.source.Name, describe(e.Platform))
		}
		b.Replaced = append(b.Replaced, old.Descriptor)
		gone = append(gone, old)
	}
	b.drop(gone)
	return nil
}

// drop removes entries, and the attestations of images that are not there any more.
func (b *Builder) drop(gone []entry) {
	b.entries = slices.DeleteFunc(slices.Clone(b.entries), func(e entry) bool { return slices.ContainsFunc(gone, e.same) })
	for _, g := range gone {
		if slices.ContainsFunc(b.entries, func(e entry) bool { return e.Digest == g.Digest }) {
			continue
		}
		b.entries = slices.DeleteFunc(b.entries, func(e entry) bool { return e.Annotations[attestedDigest] == g.Digest.String() })
	}
}

// Remove removes the images that a word names: a platform or a digest.
func (b *Builder) Remove(word string) error {
	var found []entry
	p, platformErr := platforms.Parse(word)
	for _, e := range b.entries {
		isIt := e.Digest.String() == word
		if !isIt && platformErr == nil && e.isImage() {
			isIt = image.IsFor(p, e.Platform)
		}
		if isIt {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("the index has no image %s; it has %s", word, b.list())
	}
	b.drop(found)
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
		if image.IsAttestation(e.Descriptor) || p != nil && (!e.isImage() || !image.IsFor(specPlatform(p), e.Platform)) {
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
	m := indexMembers{SchemaVersion: 2, MediaType: types.OCIImageIndex, Annotations: b.annotations}
	origins := image.Origins{}
	for _, e := range b.entries {
		raw, err := e.encode()
		if err != nil {
			return nil, fmt.Errorf("encode index: %w", err)
		}
		m.Manifests = append(m.Manifests, raw)
		if _, ok := origins[e.Digest]; !ok {
			origins[e.Digest] = e.source
		}
	}
	raw, err := image.KeepUnknown(m, b.raw)
	if err != nil {
		return nil, fmt.Errorf("encode index: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("encode index: %w", err)
	}
	return image.Compose(name, types.OCIImageIndex, out.Bytes(), origins)
}

// indexMembers are the members of an index that a Builder writes. Others are kept.
type indexMembers struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     types.MediaType   `json:"mediaType"`
	Manifests     []json.RawMessage `json:"manifests"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}
