// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/core/content"
	cerrdefs "github.com/containerd/errdefs"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Stored opens an image that lies in a content store, such as a BuildKit daemon's.
// The name is for messages. A blob that the store does not have comes from the
// source that elsewhere opens, unless that is nil.
func Stored(name string, root v1.Descriptor, store content.Provider, elsewhere func(context.Context) (*Source, error)) *Source {
	b := &stored{store: store, elsewhere: elsewhere}
	return &Source{Name: Name{Transport: Store, Path: name}, Root: root, blobs: b, close: b.close}
}

// stored are the blobs of a content store.
type stored struct {
	store     content.Provider
	elsewhere func(context.Context) (*Source, error)
	// second is what elsewhere opened.
	second *Source
}

// open starts a blob at offset.
func (s *stored) open(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	at, err := s.store.ReaderAt(ctx, ocispecs.Descriptor{Digest: digest.Digest(d.Digest.String()), Size: d.Size})
	switch {
	case cerrdefs.IsNotFound(err) && s.elsewhere != nil:
		return s.openElsewhere(ctx, d, offset)
	case err != nil:
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(at, offset, max(0, at.Size()-offset)), at}, nil
}

func (s *stored) openElsewhere(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	if s.second == nil {
		second, err := s.elsewhere(ctx)
		if err != nil {
			return nil, fmt.Errorf("it is not in the store: %w", err)
		}
		s.second = second
	}
	return s.second.blobs.open(ctx, d, offset)
}

func (s *stored) close() error {
	if s.second == nil {
		return nil
	}
	return s.second.Close()
}
