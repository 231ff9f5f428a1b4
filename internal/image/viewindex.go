// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// view is an index in go-containerregistry's terms.
type view struct {
	self     v1.Descriptor
	raw      []byte
	manifest *v1.IndexManifest
	image    func(v1.Descriptor) (v1.Image, error)
	index    func(v1.Descriptor) (v1.ImageIndex, error)
}

// MediaType returns the index's media type.
func (v *view) MediaType() (types.MediaType, error) { return v.self.MediaType, nil }

// Digest returns the index's digest.
func (v *view) Digest() (v1.Hash, error) { return v.self.Digest, nil }

// Size returns the index's size in bytes.
func (v *view) Size() (int64, error) { return v.self.Size, nil }

// RawManifest returns the index's bytes.
func (v *view) RawManifest() ([]byte, error) { return v.raw, nil }

// IndexManifest returns the parsed index.
func (v *view) IndexManifest() (*v1.IndexManifest, error) { return v.manifest.DeepCopy(), nil }

// Image returns an image of the index.
func (v *view) Image(h v1.Hash) (v1.Image, error) {
	d, err := v.entry(h)
	if err != nil {
		return nil, err
	}
	return v.image(d)
}

// ImageIndex returns an index in the index.
func (v *view) ImageIndex(h v1.Hash) (v1.ImageIndex, error) {
	d, err := v.entry(h)
	if err != nil {
		return nil, err
	}
	return v.index(d)
}

func (v *view) entry(h v1.Hash) (v1.Descriptor, error) {
	for _, d := range v.manifest.Manifests {
		if d.Digest == h {
			return d, nil
		}
	}
	return v1.Descriptor{}, fmt.Errorf("the index has no entry %s", h)
}
