// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
)

// entry is an entry of an index.
type entry struct {
	v1.Descriptor
	// raw is the entry as the index that it is from has it, nil for one that was made.
	raw json.RawMessage
	// source has what it describes.
	source *image.Source
}

// entriesOf reads the entries of an index.
func entriesOf(ctx context.Context, s *image.Source) ([]entry, error) {
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return nil, err
	}
	var m struct{ Manifests []json.RawMessage }
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read index %s of %s: %w", s.Root.Digest, s.Name, err)
	}
	var entries []entry
	for _, raw := range m.Manifests {
		e := entry{raw: raw, source: s}
		if err := json.Unmarshal(raw, &e.Descriptor); err != nil {
			return nil, fmt.Errorf("read index %s of %s: %w", s.Root.Digest, s.Name, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// encode gives the entry as the index that it is from has it, to the order of its members,
// unless it says something else by now.
func (e entry) encode() (json.RawMessage, error) {
	var was v1.Descriptor
	if e.raw != nil && json.Unmarshal(e.raw, &was) == nil && reflect.DeepEqual(was, e.Descriptor) {
		return e.raw, nil
	}
	return image.KeepUnknown(e.Descriptor, e.raw)
}

// isImage reports whether the entry is an image for a platform.
func (e entry) isImage() bool {
	return e.Platform != nil && e.Platform.OS != "" && !image.IsAttestation(e.Descriptor)
}

// same reports whether two entries are one image for one platform.
func (e entry) same(o entry) bool {
	if e.Digest != o.Digest || e.isImage() != o.isImage() {
		return false
	}
	return !e.isImage() || isSame(e.Platform, o.Platform)
}

// isSame reports whether two platforms are one: linux/arm64 and linux/arm64/v8 are.
func isSame(a, b *v1.Platform) bool {
	normal := func(p *v1.Platform) v1.Platform {
		n := platforms.Normalize(specPlatform(p))
		return v1.Platform{OS: n.OS, Architecture: n.Architecture, Variant: n.Variant, OSVersion: n.OSVersion, OSFeatures: n.OSFeatures, Features: p.Features}
	}
	return normal(a).Equals(normal(b))
}

// describe completes an entry: the platform of an image that has none is what its
// configuration says, an artifact says of what type it is. Entries of an index that
// say nothing more are left as they are.
func (e entry) describe(ctx context.Context) (entry, error) {
	if image.IsAttestation(e.Descriptor) || !e.MediaType.IsImage() || e.ArtifactType != "" && e.raw != nil {
		return e, nil
	}
	d, err := e.source.Describe(ctx, e.Descriptor)
	artifact, ok := errors.AsType[*image.ArtifactError](err)
	switch {
	case ok:
		e.ArtifactType = artifact.Type
		return e, nil
	case e.raw != nil && isMissing(err): // a mirror may lack it
		return e, nil
	case err != nil:
		return e, err
	case d.Platform.OS != "" && d.Platform.Architecture != "":
		e.Descriptor = d
	}
	if e.raw == nil {
		return e, checkPlatform(e.source, d.Platform)
	}
	return e, nil
}

// isMissing reports whether a source has an index without all that it lists.
func isMissing(err error) bool {
	return errors.Is(err, registry.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
}

// checkPlatform refuses the platform of an image that no engine would find.
func checkPlatform(s *image.Source, p *v1.Platform) error {
	if p.OS == "" || p.Architecture == "" {
		return fmt.Errorf("the configuration of %s names no platform: os %q, architecture %q", s.Name, p.OS, p.Architecture)
	}
	if meant := platforms.Normalize(specPlatform(p)); meant.Architecture != p.Architecture || meant.OS != p.OS {
		return fmt.Errorf("the configuration of %s says %s/%s where %s/%s is meant; no engine would find the image, so it has to be built again",
			s.Name, p.OS, p.Architecture, meant.OS, meant.Architecture)
	}
	return nil
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
		if e.isImage() {
			words = append(words, describe(e.Platform))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
