// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Origins say which source has a manifest or a blob.
type Origins map[v1.Hash]*Source

// composed is an index that was made, over sources that have its children.
type composed struct {
	root    v1.Hash
	raw     []byte
	origins Origins
}

// Compose gives an index that was made, and whose children are in other sources.
// Those have to stay open while it is in use.
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
	s, ok := c.origins[d.Digest]
	if !ok {
		return nil, fmt.Errorf("no image has it")
	}
	return s.blobs.open(ctx, d, offset)
}

// Origin says where a blob is from: the source's own name, or that of a part of
// what was composed.
func (s *Source) Origin(d v1.Descriptor) Name {
	if c, ok := s.blobs.(*composed); ok {
		if part, ok := c.origins[d.Digest]; ok {
			return part.Origin(d)
		}
	}
	return s.Name
}
