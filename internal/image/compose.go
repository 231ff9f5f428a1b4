// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Origins say which source has a manifest or a blob.
type Origins map[v1.Hash]*Source

// composed is an index that was made, over sources that have its children.
type composed struct {
	root v1.Hash
	raw  []byte

	mu sync.Mutex
	// origins has the index's entries, and what is named by those that were read.
	origins Origins
}

// Compose gives an index that was made, and whose entries are in other sources.
// Those have to stay open while it is in use. Nothing of them is read before it is
// asked for.
func Compose(name Name, mediaType types.MediaType, raw []byte, origins Origins) (*Source, error) {
	h, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return &Source{
		Name:  name,
		Root:  v1.Descriptor{MediaType: mediaType, Digest: h, Size: size},
		blobs: &composed{root: h, raw: raw, origins: origins},
	}, nil
}

func (c *composed) open(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	if d.Digest == c.root {
		return io.NopCloser(bytes.NewReader(c.raw[min(offset, int64(len(c.raw))):])), nil
	}
	s, ok := c.origin(d.Digest)
	if !ok {
		return nil, errors.New("no image has it")
	}
	if !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
		return s.blobs.open(ctx, d, offset)
	}
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	c.note(raw, s)
	return io.NopCloser(bytes.NewReader(raw[min(offset, int64(len(raw))):])), nil
}

func (c *composed) origin(h v1.Hash) (*Source, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.origins[h]
	return s, ok
}

// note keeps the first source that has what a manifest names.
func (c *composed) note(raw []byte, s *Source) {
	var named struct {
		Config    v1.Descriptor
		Layers    []v1.Descriptor
		Manifests []v1.Descriptor
	}
	if json.Unmarshal(raw, &named) != nil {
		return // whoever reads it says so
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range append(append(named.Layers, named.Manifests...), named.Config) {
		if _, ok := c.origins[d.Digest]; !ok {
			c.origins[d.Digest] = s
		}
	}
}

// Origin says where a blob is from: the source's own name, or that of a part of
// what was composed.
func (s *Source) Origin(d v1.Descriptor) Name {
	if c, ok := s.blobs.(*composed); ok {
		if part, ok := c.origin(d.Digest); ok {
			return part.Origin(d)
		}
	}
	return s.Name
}
