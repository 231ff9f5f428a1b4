// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"slices"

	"github.com/containerd/platforms"

	"github.com/strata-build/strata/internal/image"
)

// Sort puts the images in the order of some platforms, given as os/arch[/variant], those
// for others behind them, and attestations at the end, each in the order of the image that
// it is about: the order in which BuildKit writes an index.
func (b *Builder) Sort(order []string) error {
	rank := map[string]int{}
	for i, name := range order {
		p, err := platforms.Parse(name)
		if err != nil {
			return fmt.Errorf("sort index: %w", err)
		}
		rank[platforms.FormatAll(platforms.Normalize(p))] = i
	}
	of := map[string]int{}
	place := func(e entry) int {
		if !e.isImage() {
			return len(order)
		}
		if i, ok := rank[platforms.FormatAll(platforms.Normalize(specPlatform(e.Platform)))]; ok {
			return i
		}
		return len(order)
	}
	for _, e := range b.entries {
		of[e.Digest.String()] = place(e)
	}
	behind := len(order) + 1
	key := func(e entry) int {
		if image.IsAttestation(e.Descriptor) {
			return behind + of[e.Annotations[attestedDigest]]
		}
		return place(e)
	}
	slices.SortStableFunc(b.entries, func(x, y entry) int { return key(x) - key(y) })
	return nil
}
