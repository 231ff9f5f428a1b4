// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

// compressedAtOnce is how many layers are compressed concurrently.
const compressedAtOnce = 4

// Compressed gives the image of an archive of docker's with its plain layers
// compressed by gzip, for places that images are fetched from. The manifest is a
// new one; the same archive gives the same. The layers are kept in a temporary
// directory until the source is closed. The source s stays open.
func (s *Source) Compressed(ctx context.Context, temp string) (*Source, error) {
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return nil, err
	}
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	dir, err := os.MkdirTemp(temp, "strata-layers-*")
	if err != nil {
		return nil, fmt.Errorf("make temporary directory: %w", err)
	}
	c := &compressed{Source: s, dir: dir}
	root, err := c.build(ctx, &m)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Source{Name: s.Name, Root: root, blobs: c, close: func() error { return os.RemoveAll(dir) }}, nil
}

// compressed has the blobs of a source, and files by digest.
type compressed struct {
	*Source
	dir string
}

func (c *compressed) open(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(c.dir, d.Digest.Hex))
	if errors.Is(err, os.ErrNotExist) {
		return c.blobs.open(ctx, d, offset)
	}
	if err != nil || offset == 0 {
		return f, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// build compresses the layers and writes the manifest.
func (c *compressed) build(ctx context.Context, m *v1.Manifest) (v1.Descriptor, error) {
	layers := slices.Clone(m.Layers)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(compressedAtOnce)
	for i := range layers {
		if layers[i].MediaType != types.OCIUncompressedLayer {
			continue
		}
		group.Go(func() (err error) {
			layers[i], err = c.layer(ctx, layers[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return v1.Descriptor{}, fmt.Errorf("compress layers: %w", err)
	}
	out := *m
	out.Layers = layers
	raw, err := json.Marshal(out)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("encode manifest: %w", err)
	}
	sum := sha256.Sum256(raw)
	root := v1.Descriptor{
		MediaType: out.MediaType, Size: int64(len(raw)), Platform: c.Root.Platform,
		Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])},
	}
	return root, os.WriteFile(filepath.Join(c.dir, root.Digest.Hex), raw, 0o600)
}

// layer compresses a layer into a file named after its digest.
func (c *compressed) layer(ctx context.Context, d v1.Descriptor) (v1.Descriptor, error) {
	rc, err := c.Blob(ctx, d)
	if err != nil {
		return d, err
	}
	defer rc.Close()
	f, err := os.CreateTemp(c.dir, "layer-*")
	if err != nil {
		return d, err
	}
	sum := sha256.New()
	size, err := compress(io.MultiWriter(f, sum), rc)
	if err = errors.Join(err, f.Close()); err != nil {
		return d, err
	}
	d.MediaType, d.Size = types.OCILayer, size
	d.Digest.Hex = hex.EncodeToString(sum.Sum(nil))
	return d, os.Rename(f.Name(), filepath.Join(c.dir, d.Digest.Hex))
}

// compress writes r to w by gzip, and returns how many bytes that are. The
// header has neither a time nor a name.
func compress(w io.Writer, r io.Reader) (int64, error) {
	count := &counter{w: bufio.NewWriterSize(w, 1<<16)}
	z := gzip.NewWriter(count)
	if _, err := io.Copy(z, r); err != nil {
		return 0, err
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	return count.n, count.w.Flush()
}

// counter counts what is written.
type counter struct {
	w *bufio.Writer
	n int64
}

// Write writes.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
