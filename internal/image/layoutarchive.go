// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// layoutArchive is an OCI layout in a tar.
type layoutArchive struct{ *tarFile }

func (a layoutArchive) open(_ context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	return a.tarFile.from(blobPath(d.Digest), offset)
}

func openLayoutArchive(ctx context.Context, n Name, o Options) (*Source, error) {
	t, err := openTar(n.Path, o.Temp)
	if err != nil {
		return nil, err
	}
	s, err := t.layout(ctx, n, o)
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return s, nil
}

func (t *tarFile) layout(ctx context.Context, n Name, o Options) (*Source, error) {
	data, err := t.read(ocispecs.ImageIndexFile)
	if errors.Is(err, errNoMember) {
		if _, docker := t.find(dockerManifest); docker == nil {
			return nil, fmt.Errorf("it is not an OCI archive; did you mean docker-archive:%s?", n.Path)
		}
		return nil, fmt.Errorf("it is not an OCI archive: %w", err)
	}
	if err != nil {
		return nil, err
	}
	s := &Source{blobs: layoutArchive{t}, close: t.close}
	s.Root, err = s.findRoot(ctx, data, n, o)
	return s, err
}
