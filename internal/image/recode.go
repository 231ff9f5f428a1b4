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

// The types of layers that go-containerregistry has no names for.
const (
	dockerLayerPlain = types.DockerUncompressedLayer
	dockerLayerZstd  = types.MediaType("application/vnd.docker.image.rootfs.diff.tar.zstd")
)

// recodedAtOnce is how many layers are recoded concurrently.
const recodedAtOnce = 4

// coding is another compression for layers of some types.
type coding struct {
	// types are what the layers' types become.
	types map[types.MediaType]types.MediaType
	// write writes a layer in the other compression, and returns how many bytes that are.
	write func(w io.Writer, r io.Reader) (int64, error)
}

// applies reports whether a manifest has a layer to recode.
func (c coding) applies(m *v1.Manifest) bool {
	return slices.ContainsFunc(m.Layers, func(l v1.Descriptor) bool { _, ok := c.types[l.MediaType]; return ok })
}

// toGzip is for places that images are fetched from.
func toGzip() coding {
	return coding{
		types: map[types.MediaType]types.MediaType{types.OCIUncompressedLayer: types.OCILayer, dockerLayerPlain: types.DockerLayer},
		write: gzipTo,
	}
}

// fromZstd is for programs that don't know zstd.
func fromZstd() coding {
	return coding{
		types: map[types.MediaType]types.MediaType{types.OCILayerZStd: types.OCIUncompressedLayer, dockerLayerZstd: dockerLayerPlain},
		write: plainTo,
	}
}

// Compressed gives the image of an archive of docker's with its plain layers
// compressed by gzip, for places that images are fetched from. The manifest is a
// new one; the same archive gives the same. The layers are kept in a temporary
// directory until the source is closed. The source s stays open.
func (s *Source) Compressed(ctx context.Context, temp string) (*Source, error) {
	return s.recode(ctx, temp, s.Root, toGzip())
}

// WithoutZstd gives an image with those layers plain that are compressed by zstd, which
// docker can't read before version 23, as Compressed does. It gives s itself if there
// are none.
func (s *Source) WithoutZstd(ctx context.Context, temp string, image v1.Descriptor) (*Source, error) {
	raw, err := s.Manifest(ctx, image)
	if err != nil {
		return nil, err
	}
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	if !fromZstd().applies(&m) {
		return s, nil
	}
	return s.recode(ctx, temp, image, fromZstd())
}

// recode gives an image with other layers.
func (s *Source) recode(ctx context.Context, temp string, image v1.Descriptor, to coding) (*Source, error) {
	raw, err := s.Manifest(ctx, image)
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
	c := &recoded{Source: s, dir: dir, to: to}
	root, err := c.build(ctx, &m, raw)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	root.Platform = image.Platform
	return &Source{Name: s.Name, Root: root, blobs: c, close: func() error { return os.RemoveAll(dir) }}, nil
}

// recoded has the blobs of a source, and files by digest.
type recoded struct {
	*Source
	dir string
	to  coding
}

func (c *recoded) open(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
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

// build recodes the layers and writes the manifest, which was read from raw.
func (c *recoded) build(ctx context.Context, m *v1.Manifest, raw []byte) (v1.Descriptor, error) {
	layers := slices.Clone(m.Layers)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(recodedAtOnce)
	for i := range layers {
		if t, ok := c.to.types[layers[i].MediaType]; ok {
			group.Go(func() (err error) {
				layers[i], err = c.layer(ctx, layers[i], t)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return v1.Descriptor{}, fmt.Errorf("compress layers: %w", err)
	}
	out := *m
	out.Layers = layers
	made, err := KeepUnknown(out, raw)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("encode manifest: %w", err)
	}
	sum := sha256.Sum256(made)
	root := v1.Descriptor{
		MediaType: m.MediaType, Size: int64(len(made)),
		Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])},
	}
	if root.MediaType == "" {
		root.MediaType = types.OCIManifestSchema1
	}
	return root, os.WriteFile(filepath.Join(c.dir, root.Digest.Hex), made, 0o600)
}

// layer recodes a layer into a file named after its digest.
func (c *recoded) layer(ctx context.Context, d v1.Descriptor, t types.MediaType) (v1.Descriptor, error) {
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
	size, err := c.to.write(io.MultiWriter(f, sum), rc)
	if err = errors.Join(err, f.Close()); err != nil {
		return d, err
	}
	d.MediaType, d.Size = t, size
	d.Digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
	return d, os.Rename(f.Name(), filepath.Join(c.dir, d.Digest.Hex))
}

// gzipTo writes r to w by gzip, and returns how many bytes that are. The
// header has neither a time nor a name.
func gzipTo(w io.Writer, r io.Reader) (int64, error) {
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

// plainTo writes what is in r to w, and returns how many bytes that are.
func plainTo(w io.Writer, r io.Reader) (int64, error) {
	plain, err := Decompress(r)
	if err != nil {
		return 0, err
	}
	defer plain.Close()
	n, err := io.Copy(w, plain)
	if err != nil {
		return n, err
	}
	_, err = io.Copy(io.Discard, r) // the end is where the blob's digest is checked
	return n, err
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
