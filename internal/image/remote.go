// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
)

// remote is a repository of a registry. The root's bytes came with its
// descriptor.
type remote struct {
	repo *registry.Repository
	root v1.Hash
	raw  []byte
}

func openRegistry(ctx context.Context, n Name, o Options) (*Source, error) {
	if o.Registries == nil {
		return nil, errors.New("registries are not to be asked")
	}
	repo, err := o.Registries.Repository(n.Ref)
	if err != nil {
		return nil, err
	}
	d, raw, err := repo.Manifest(ctx, Identifier(n.Ref))
	if err != nil {
		return nil, err
	}
	return &Source{Root: d, blobs: &remote{repo: repo, root: d.Digest, raw: raw}}, nil
}

// Identifier is what a registry is asked for: the digest if the reference has
// one, else the tag.
func Identifier(ref reference.Named) string {
	switch r := ref.(type) {
	case reference.Digested:
		return r.Digest().String()
	case reference.Tagged:
		return r.Tag()
	}
	return "latest"
}

func (r *remote) open(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	raw := r.raw
	switch {
	case d.Digest == r.root:
	case d.MediaType.IsImage() || d.MediaType.IsIndex():
		var err error
		if _, raw, err = r.repo.Manifest(ctx, d.Digest.String()); err != nil {
			return nil, err
		}
	default:
		return r.repo.Blob(ctx, d, offset)
	}
	return io.NopCloser(bytes.NewReader(raw[min(offset, int64(len(raw))):])), nil
}
