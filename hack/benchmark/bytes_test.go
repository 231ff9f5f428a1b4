// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"encoding/json"

	"github.com/strata-build/strata/internal/testenv"
)

// layers are the sizes in bytes, by digest, of the layers that a registry has of an
// image.
func (h *house) layers(repository string) map[string]int64 {
	h.Helper()
	var m struct {
		Layers []struct {
			Digest string
			Size   int64
		}
	}
	text := testenv.Output(h, "crane", "manifest", "--insecure", h.registry.Host+"/"+repository)
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		h.Fatal(err)
	}
	sizes := map[string]int64{}
	for _, layer := range m.Layers {
		sizes[layer.Digest] = layer.Size
	}
	return sizes
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
