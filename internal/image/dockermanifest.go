// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/image/packing"
	"github.com/strata-build/strata/internal/spell"
)

// layoutRoot finds the manifest with a configuration among those of an archive
// that is an OCI layout, too, or one for a platform in the same index.
func (a *dockerArchive) layoutRoot(ctx context.Context, config []byte, p *v1.Platform) (v1.Descriptor, bool) {
	data, err := a.read(ocispecs.ImageIndexFile)
	if err != nil {
		return v1.Descriptor{}, false
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(data, &index); err != nil {
		return v1.Descriptor{}, false
	}
	want, _, err := v1.SHA256(bytes.NewReader(config))
	if err != nil {
		return v1.Descriptor{}, false
	}
	for _, entry := range index.Manifests {
		s := &Source{Root: entry, blobs: a}
		images, _ := s.imagesBelow(ctx, []v1.Descriptor{entry}) // the archive may lack other platforms
		for _, d := range images {
			if a.isWhole(ctx, s, d, &want) {
				return a.beside(ctx, s, d, p), true
			}
		}
	}
	return v1.Descriptor{}, false
}

// beside is the image for a platform in the index that a source is, if the archive has
// it, or else the one that was found.
func (a *dockerArchive) beside(ctx context.Context, s *Source, found v1.Descriptor, p *v1.Platform) v1.Descriptor {
	if p == nil || !s.Root.MediaType.IsIndex() {
		return found
	}
	d, err := s.Select(ctx, p)
	if err != nil || !a.isWhole(ctx, s, d, nil) {
		return found // whose platform is then compared with the one that is asked for
	}
	return d
}

// isWhole reports whether a manifest has a configuration, that with an ID if there is
// one, a layer for each that the configuration names, and all its blobs are in the
// archive. The first releases of docker 25 wrote manifests without layers.
func (a *dockerArchive) isWhole(ctx context.Context, s *Source, d v1.Descriptor, id *v1.Hash) bool {
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return false
	}
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil || id != nil && m.Config.Digest != *id {
		return false
	}
	if config, err := s.Manifest(ctx, m.Config); err != nil || checkLayers(&m, config) != nil {
		return false
	}
	for _, b := range append(m.Layers, m.Config) {
		if found, err := a.find(blobPath(b.Digest)); err != nil || found.size != b.Size {
			return false
		}
	}
	return true
}

// synthesize makes an OCI manifest for an image that has none: its layers are
// the archive's files as they are.
func (a *dockerArchive) synthesize(image dockerImage, config []byte) (v1.Descriptor, error) {
	file, err := v1.ParseConfigFile(bytes.NewReader(config))
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("read configuration: %w", err)
	}
	if len(file.RootFS.DiffIDs) != len(image.Layers) {
		return v1.Descriptor{}, fmt.Errorf("it lists %s, its configuration %d", spell.Count(len(image.Layers), "layer"), len(file.RootFS.DiffIDs))
	}
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Layers: []v1.Descriptor{}}
	if manifest.Config, err = a.make(config, types.OCIConfigJSON); err != nil {
		return v1.Descriptor{}, err
	}
	for i, name := range image.Layers {
		layer, err := a.layer(name, file.RootFS.DiffIDs[i])
		if err != nil {
			return v1.Descriptor{}, fmt.Errorf("layer %s: %w", name, err)
		}
		manifest.Layers = append(manifest.Layers, layer)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("encode manifest: %w", err)
	}
	root, err := a.make(raw, types.OCIManifestSchema1)
	root.Platform = file.Platform()
	return root, err
}

// make adds a blob that the archive does not have.
func (a *dockerArchive) make(data []byte, mediaType types.MediaType) (v1.Descriptor, error) {
	h, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return v1.Descriptor{}, err
	}
	a.made[h] = data
	return v1.Descriptor{MediaType: mediaType, Digest: h, Size: size}, nil
}

// layer describes a layer of the archive. A plain tar has its diff ID for
// digest; that of a compressed one is in its name, or has to be computed. None
// is believed: it is checked when the layer is read.
func (a *dockerArchive) layer(name string, diffID v1.Hash) (v1.Descriptor, error) {
	r, err := a.tarFile.open(name)
	if err != nil {
		return v1.Descriptor{}, err
	}
	start := make([]byte, packing.Magic)
	n, err := io.ReadFull(r, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return v1.Descriptor{}, err
	}
	format, err := packing.Of(start[:n])
	if err != nil {
		return v1.Descriptor{}, err
	}
	d := v1.Descriptor{MediaType: types.OCIUncompressedLayer, Digest: diffID, Size: r.Size()}
	switch format {
	case compress.Gzip:
		d.MediaType = types.OCILayer
	case compress.Zstd:
		d.MediaType = types.OCILayerZStd
	}
	if d.MediaType != types.OCIUncompressedLayer {
		if d.Digest, err = fileDigest(name, r); err != nil {
			return v1.Descriptor{}, err
		}
	}
	a.files[d.Digest] = name
	return d, nil
}

// fileDigest is the digest in the name of a file below blobs, or else that of
// its content.
func fileDigest(name string, r *io.SectionReader) (v1.Hash, error) {
	dir, hex := path.Split(clean(name))
	if dir == ocispecs.ImageBlobsDir+"/sha256/" {
		return v1.NewHash("sha256:" + hex)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return v1.Hash{}, err
	}
	h, _, err := v1.SHA256(r)
	return h, err
}
