// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package grouping decides which paths of a closure share a layer.
//
// A path changes its name with everything it depends on. So a change of one
// path changes all that are above it, up to the roots, and a layer is pushed
// again when anything in it changes. A good grouping puts together what changes
// together and what different images have in common, in no more layers than
// are allowed.
//
// [Group] is a pure function: the layers depend on the paths, their sizes and
// their references alone, not on the order in which they are given.
package grouping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// Algorithm is how paths are grouped.
type Algorithm string

// The algorithms.
const (
	// Cohort makes the greatest paths heads, puts together what just the same heads
	// need, and joins the groups that cost least to push together.
	Cohort Algorithm = "cohort"
	// PerPath gives each path a layer.
	PerPath Algorithm = "per-path"
	// Popularity gives the most needed paths a layer each, and the rest one.
	Popularity Algorithm = "popularity"
	// Single puts all into one layer.
	Single Algorithm = "single"
)

// TooFewError says that a grouping needs more layers than it may have.
type TooFewError struct {
	// Paths are to be grouped, Needed is the smallest number of layers that does for
	// them, and Allowed the greatest that there may be.
	Paths, Needed, Allowed int
}

func (e *TooFewError) Error() string {
	return fmt.Sprintf("group %s: it takes at least %s, and there may be %d", spell.Count(e.Paths, "path"), spell.Count(e.Needed, "layer"), e.Allowed)
}

// Node is one path.
type Node struct {
	Path string
	// Name is what stays of the path when it changes; empty for nothing. Of two ways
	// that are as good, names decide before paths do.
	Name string
	// Size is in bytes.
	Size int64
	// References are paths; the node's own among them counts for nothing.
	References []string
}

// Options say how to group.
type Options struct {
	// Algorithm is Cohort when empty.
	Algorithm Algorithm
	// Max is the greatest number of layers.
	Max int
	// Pins are groups of paths that get a layer of their own.
	Pins [][]string
	// RootsAnywhere lets paths that nothing refers to share layers with others.
	// Otherwise they have the last layer to themselves, because they change most.
	RootsAnywhere bool
}

// Layer is a set of paths that share a layer.
type Layer struct {
	// Paths are sorted.
	Paths []string
	// Size is the sum of their sizes in bytes.
	Size int64
}

// Group distributes nodes over layers. Every reference must be a node, and no
// circle among them.
func Group(nodes []Node, o Options) ([]Layer, error) {
	g, err := newGraph(nodes)
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 {
		return nil, nil
	}
	b := builder{graph: g, Options: o, layerOf: make([]int, len(g.nodes)), needs: g.closureSizes()}
	for i := range b.layerOf {
		b.layerOf[i] = none
	}
	if err := b.build(); err != nil {
		return nil, err
	}
	return b.layers(), nil
}

const none = -1

// A builder puts nodes into layers, which are numbers until the end.
type builder struct {
	*graph
	Options
	layerOf []int
	count   int
	last    int
	// needs are the bytes of each node with all below it.
	needs []int64
}

func (b *builder) build() error {
	if b.Max < 1 {
		return &TooFewError{Paths: len(b.nodes), Needed: 1, Allowed: b.Max}
	}
	b.last = none
	if b.Algorithm == Single || b.Max == 1 && len(b.Pins) == 0 {
		b.rest()
		return nil
	}
	if err := b.pin(); err != nil {
		return err
	}
	free := b.free()
	if len(free) > 0 && !b.RootsAnywhere {
		b.roots(free)
		free = b.free()
	}
	budget := b.Max - b.count
	needed := min(len(free), 1)
	if b.Algorithm == PerPath {
		needed = len(free)
	}
	if budget < needed {
		return &TooFewError{Paths: len(b.nodes), Needed: b.count + needed, Allowed: b.Max}
	}
	switch {
	case len(free) <= budget:
		for _, i := range free {
			b.add(b.open(), i)
		}
	case b.Algorithm == Popularity:
		b.popular(free, budget)
	case b.Algorithm == Cohort || b.Algorithm == "":
		b.cohorts(free, budget)
	default:
		return fmt.Errorf("group paths: no algorithm is called %q", b.Algorithm)
	}
	return nil
}

func (b *builder) open() int {
	b.count++
	return b.count - 1
}

func (b *builder) add(layer, node int) { b.layerOf[node] = layer }

// free are the nodes that are in no layer yet, in order.
func (b *builder) free() []int {
	var free []int
	for i, layer := range b.layerOf {
		if layer == none {
			free = append(free, i)
		}
	}
	return free
}

// rest puts all that is left into one layer.
func (b *builder) rest() {
	layer := b.open()
	for _, i := range b.free() {
		b.add(layer, i)
	}
}

// pin makes the layers that were asked for.
func (b *builder) pin() error {
	for _, pin := range b.Pins {
		layer := b.open()
		for _, p := range pin {
			i, ok := b.index[p]
			switch {
			case !ok:
				return fmt.Errorf("pin %s: it is not among the paths", p)
			case b.layerOf[i] != none && b.layerOf[i] != layer:
				return fmt.Errorf("pin %s: another pin has it already", p)
			}
			b.add(layer, i)
		}
	}
	return nil
}

// roots gives the paths that nothing refers to the last layer.
func (b *builder) roots(free []int) {
	for _, i := range free {
		if len(b.users[i]) > 0 {
			continue
		}
		if b.last == none {
			b.last = b.open()
		}
		b.add(b.last, i)
	}
}

// popular gives the most needed nodes a layer each: those that the most ways
// lead to from the roots.
func (b *builder) popular(free []int, budget int) {
	ways := b.ways()
	order := slices.SortedStableFunc(slices.Values(free), func(i, j int) int { return cmp.Compare(ways[j], ways[i]) })
	for _, i := range order[:budget-1] {
		b.add(b.open(), i)
	}
	b.rest()
}

// layers are the finished layers in their order: what has the smallest closure
// comes first, because it changes least; so images that share it have it at the
// same place, which lets them share it unpacked, too.
func (b *builder) layers() []Layer {
	type keyed struct {
		Layer
		last    bool
		closure int64
	}
	all := make([]keyed, b.count)
	for i, layer := range b.layerOf {
		l := &all[layer]
		l.Paths = append(l.Paths, b.nodes[i].Path)
		l.Size += b.nodes[i].Size
		l.closure = max(l.closure, b.needs[i])
		l.last = layer == b.last
	}
	for _, l := range all {
		slices.Sort(l.Paths)
	}
	all = slices.DeleteFunc(all, func(l keyed) bool { return len(l.Paths) == 0 })
	slices.SortFunc(all, func(x, y keyed) int {
		if x.last != y.last {
			if y.last {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(x.closure, y.closure), strings.Compare(x.Paths[0], y.Paths[0]))
	})
	layers := make([]Layer, len(all))
	for i := range all {
		layers[i] = all[i].Layer
	}
	return layers
}
