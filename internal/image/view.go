// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/spell"
)

// Image gives the image for a platform as go-containerregistry's type; see
// Select for a nil platform. Its layers are read when they are asked for, in the
// context ctx.
func (s *Source) Image(ctx context.Context, p *v1.Platform) (v1.Image, error) {
	d, err := s.Select(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.ImageOf(ctx, d)
}

// ImageOf gives the image of a manifest.
func (s *Source) ImageOf(ctx context.Context, d v1.Descriptor) (v1.Image, error) {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read manifest %s of %s: %w", d.Digest, s.Name, err)
	}
	if t := ArtifactType(m); t != "" {
		return nil, &ArtifactError{Name: s.Name.String(), Digest: d.Digest, Type: t}
	}
	config, err := s.Manifest(ctx, m.Config)
	if err != nil {
		return nil, err
	}
	if err := checkLayers(m, config); err != nil {
		return nil, fmt.Errorf("read manifest %s of %s: %w", d.Digest, s.Name, err)
	}
	return partial.CompressedToImage(&core{
		raw: raw, config: config, mediaType: d.MediaType, manifest: m,
		open: func(d v1.Descriptor) (io.ReadCloser, error) { return s.Layer(ctx, d) },
	})
}

// checkLayers refuses a manifest that lists another number of layers than its
// configuration: the files of a layer would be missing, or two layers mixed up.
func checkLayers(m *v1.Manifest, config []byte) error {
	c, err := v1.ParseConfigFile(bytes.NewReader(config))
	if err != nil {
		return fmt.Errorf("read configuration %s: %w", m.Config.Digest, err)
	}
	if layers, ids := len(m.Layers), len(c.RootFS.DiffIDs); layers != ids {
		return fmt.Errorf("it lists %s, its configuration %d", spell.Count(layers, "layer"), ids)
	}
	return nil
}

// Index gives the index as go-containerregistry's type. It fails when the source
// is a single image.
func (s *Source) Index(ctx context.Context) (v1.ImageIndex, error) {
	if !s.Root.MediaType.IsIndex() {
		return nil, fmt.Errorf("%s is not an index of images but %s", s.Name, s.Root.MediaType)
	}
	return s.indexOf(ctx, s.Root)
}

func (s *Source) indexOf(ctx context.Context, d v1.Descriptor) (v1.ImageIndex, error) {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read index %s of %s: %w", d.Digest, s.Name, err)
	}
	return &view{
		self: d, raw: raw, manifest: m,
		image: func(d v1.Descriptor) (v1.Image, error) { return s.ImageOf(ctx, d) },
		index: func(d v1.Descriptor) (v1.ImageIndex, error) { return s.indexOf(ctx, d) },
	}, nil
}

// core is what go-containerregistry makes an image of.
type core struct {
	raw, config []byte
	mediaType   types.MediaType
	manifest    *v1.Manifest
	open        func(v1.Descriptor) (io.ReadCloser, error)
}

// RawManifest returns the manifest's bytes.
func (c *core) RawManifest() ([]byte, error) { return c.raw, nil }

// RawConfigFile returns the configuration's bytes.
func (c *core) RawConfigFile() ([]byte, error) { return c.config, nil }

// MediaType returns the manifest's media type.
func (c *core) MediaType() (types.MediaType, error) { return c.mediaType, nil }

// LayerByDigest returns a layer, or the configuration in the form of one.
func (c *core) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, d := range append(c.manifest.Layers[:len(c.manifest.Layers):len(c.manifest.Layers)], c.manifest.Config) {
		if d.Digest == h {
			return &layer{image: c, d: d}, nil
		}
	}
	return nil, fmt.Errorf("the image has no layer %s", h)
}

// layer is a layer of an image.
type layer struct {
	image *core
	d     v1.Descriptor
}

// Digest returns the compressed layer's digest.
func (l *layer) Digest() (v1.Hash, error) { return l.d.Digest, nil }

// Size returns the compressed layer's size in bytes.
func (l *layer) Size() (int64, error) { return l.d.Size, nil }

// MediaType returns the layer's media type.
func (l *layer) MediaType() (types.MediaType, error) { return l.d.MediaType, nil }

// Compressed streams the layer as it is stored.
func (l *layer) Compressed() (io.ReadCloser, error) { return l.image.open(l.d) }

// DiffID returns the digest that the configuration gives for the layer's tar.
func (l *layer) DiffID() (v1.Hash, error) {
	return partial.BlobToDiffID(&described{l.image}, l.d.Digest)
}

// Descriptor returns what the manifest says of the layer.
func (l *layer) Descriptor() (*v1.Descriptor, error) { return &l.d, nil }

// described adds the parsed forms to core.
type described struct{ *core }

// Manifest returns the parsed manifest.
func (d *described) Manifest() (*v1.Manifest, error) { return d.manifest, nil }

// ConfigFile returns the parsed configuration.
func (d *described) ConfigFile() (*v1.ConfigFile, error) { return partial.ConfigFile(d.core) }
