// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"encoding/json"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// layers are the sizes in bytes, by digest, of the layers that a registry has of an
// image.
func (h *house) layers(repository string) map[string]int64 {
	h.Helper()
	sizes := map[string]int64{}
	for _, layer := range h.manifest(repository).Layers {
		sizes[layer.Digest.String()] = layer.Size
	}
	return sizes
}

// layerSizes are the sizes in their order.
func (h *house) layerSizes(repository string) []int64 {
	h.Helper()
	var sizes []int64
	for _, layer := range h.manifest(repository).Layers {
		sizes = append(sizes, layer.Size)
	}
	return sizes
}

func (h *house) manifest(repository string) ocispecs.Manifest {
	h.Helper()
	var m ocispecs.Manifest
	text := testenv.Output(h, "crane", "manifest", "--insecure", h.registry.Host+"/"+repository)
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		h.Fatal(err)
	}
	return m
}

// more is how many bytes an image has in layers that an earlier one didn't have.
func more(before, after map[string]int64) int64 {
	var n int64
	for digest, size := range after {
		if _, ok := before[digest]; !ok {
			n += size
		}
	}
	return n
}
