// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Layers are the layers of an image, checked against its configuration as they
// are read.
func Layers(image v1.Image) ([]Layer, error) {
	all, err := image.Layers()
	if err != nil {
		return nil, fmt.Errorf("list layers: %w", err)
	}
	layers := make([]Layer, 0, len(all))
	for _, l := range all {
		digest, err := l.Digest()
		if err != nil {
			return nil, fmt.Errorf("list layers: %w", err)
		}
		diffID, err := l.DiffID()
		if err != nil {
			return nil, fmt.Errorf("list layers: %w", err)
		}
		layers = append(layers, Layer{
			Name: digest.String(), DiffID: diffID.String(),
			Open: func(context.Context) (io.ReadCloser, error) { return l.Compressed() },
		})
	}
	return layers, nil
}
