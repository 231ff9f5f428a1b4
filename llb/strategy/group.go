// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"hash/fnv"
	"maps"
	"slices"

	"github.com/strata-build/strata/llb/lock"
)

const (
	// soloSize is the size from which the packages of one source get a layer of
	// their own, in bytes.
	soloSize = 1 << 20
	// maxSolos is how many of those there may be in one packages layer.
	maxSolos = 12
	// maxBuckets is how many layers the small packages share, once there are
	// fewSources of them; one is enough before. There is nothing between the two: it
	// would be one more size of an image at which every layer changes.
	maxBuckets, fewSources = 8, 16
	// partSize is for how many bytes of archives a group gets a layer, up to maxParts. A
	// layer is compressed by one processor, which takes longer for the greatest one than
	// all processors for all others.
	partSize, maxParts = 4 << 20, 4
)

// group divides the packages of one layer into those that are unpacked together.
//
// What is added or updated must leave the other groups as they are. So a
// package's group follows from its source package alone, as long as the limits
// hold: a large one is alone, and a small one goes where its name's hash says.
// Binaries of one source stay together, because they are updated together and
// may hold files of each other, and so do packages that the lock puts beside each other.
func group(packages []lock.Package) [][]lock.Package {
	sizes, of := map[string]int64{}, sources(packages)
	for _, p := range packages {
		sizes[of[p.Name]] += p.Size
	}
	limit := soloLimit(sizes)
	small := 0
	for _, size := range sizes {
		if size < limit {
			small++
		}
	}
	buckets := uint32(1)
	if small >= fewSources {
		buckets = maxBuckets
	}
	groups := map[string][]lock.Package{}
	for _, p := range packages {
		source := of[p.Name]
		key := "solo " + source
		if sizes[source] < limit {
			h := fnv.New32a()
			_, _ = h.Write([]byte(source)) // a hash takes everything
			key = string(rune('0' + h.Sum32()%buckets))
		}
		groups[key] = append(groups[key], p)
	}
	out := make([][]lock.Package, 0, len(groups))
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, groups[key])
	}
	return out
}

// sources are the sources that packages are grouped by, by the packages' names. Those of
// packages that are beside each other are one: the first by name.
func sources(packages []lock.Package) map[string]string {
	first, of := map[string]string{}, map[string]string{}
	var find func(source string) string
	find = func(source string) string {
		if to, ok := first[source]; ok {
			return find(to)
		}
		return source
	}
	for _, p := range packages {
		of[p.Name] = sourceOf(p)
	}
	for _, p := range packages {
		if a, b := find(of[p.Name]), find(of[p.Beside]); p.Beside != "" && b != "" && a != b {
			first[max(a, b)] = min(a, b)
		}
	}
	for name, source := range of {
		of[name] = find(source)
	}
	return of
}

// partsOf is among how many layers the files of a group are divided.
func partsOf(packages []lock.Package) int {
	size := int64(0)
	for _, p := range packages {
		size += p.Size
	}
	return int(min(max(size/partSize, 1), maxParts))
}

// soloLimit is the size from which a source is alone: soloSize, or twice, four
// times … that where there would be too many.
func soloLimit(sizes map[string]int64) int64 {
	limit := int64(soloSize)
	for {
		n := 0
		for _, size := range sizes {
			if size >= limit {
				n++
			}
		}
		if n <= maxSolos {
			return limit
		}
		limit *= 2
	}
}

func sourceOf(p lock.Package) string {
	if p.Source != "" {
		return p.Source
	}
	return p.Name
}
