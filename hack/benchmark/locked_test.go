// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// manyImages is how many images the measured build file copies from.
const manyImages = 6

// BenchmarkLocked measures what a lock saves in a build of which everything is cached: a
// registry is asked for the digest of each image that isn't pinned.
func BenchmarkLocked(b *testing.B) {
	h := newHouse(b)
	var layers strings.Builder
	for i := range manyImages {
		image := testenv.BusyboxImage(b, h.registry, fmt.Sprintf("tool-%d:1", i), testenv.BusyboxTweaks{})
		fmt.Fprintf(&layers, "  - files: [{from: %q, source: /bin/busybox, dest: /opt/%d/}]\n", image, i)
	}
	text := "args: {BASE: null}\nfrom: $BASE\nlayers:\n" + layers.String()
	dir := project(b, map[string]string{"locked.yaml": text, "unlocked.yaml": text})
	h.lock(dir, "locked")
	b.Run("Cached", func(b *testing.B) {
		h := h.in(b)
		through := func(file string) side {
			return side{run: func() { h.build(h.strata, dir, file, "") }}
		}
		compare(b, Measure{Name: fmt.Sprintf("cached build of %d images with a lock", manyImages+1), Against: "the same without it", Ratio: 1},
			through("locked.yaml"), through("unlocked.yaml"), side{})
	})
	b.Run("Requests", func(b *testing.B) {
		h := h.in(b)
		h.registry.Reset()
		h.build(h.strata, dir, "locked.yaml", "")
		if asked := h.registry.Requests(); len(asked) > 2 { // for the frontend's own image
			b.Errorf("a build with a lock asks the registry:\n%s", h.registry.Recorder)
		}
	})
}
