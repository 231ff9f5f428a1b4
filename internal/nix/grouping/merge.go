// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package grouping

import (
	"math/bits"
	"slices"
)

// mergeFrom is how many groups are merged at most that were taken apart before.
// Merging takes time with the square of them.
const mergeFrom = 400

// A group is nodes that are to share a layer.
type group struct {
	nodes []int
	// size is the sum of the nodes' weights.
	size int64
	// below has the nodes and all that they need; depth is how many those are.
	below set
	depth int64
	// mate is, of the groups after this one, the one that costs least to be joined
	// with, and extra is what that costs.
	mate  *group
	extra int64
}

// cost is the bytes pushed because of the group when each path of the closure
// changes once: its layer changes with each of them that is in it or below it.
func (g *group) cost() int64 { return g.size * g.depth }

// join is what two groups cost more in one layer.
func (g *group) join(h *group) int64 {
	var depth int
	for i := range g.below {
		depth += bits.OnesCount64(g.below[i] | h.below[i])
	}
	return (g.size+h.size)*int64(depth) - g.cost() - h.cost()
}

// choose finds the mate among the groups after this one.
func (g *group) choose(after []*group) {
	g.mate = nil
	for _, h := range after {
		if extra := g.join(h); g.mate == nil || extra < g.extra {
			g.mate, g.extra = h, extra
		}
	}
}

// absorb makes another group a part of this one.
func (g *group) absorb(h *group) {
	g.nodes = slices.Concat(g.nodes, h.nodes)
	g.size += h.size
	g.below.add(h.below)
	g.depth = g.below.count()
}

// merge joins cohorts until no more than a budget are left, each time the two that
// cost least (agglomerative clustering with a cache of each one's nearest). What they
// cost is exact if each path is as likely to change as any other.
func (b *builder) merge(all []cohort, budget int) [][]int {
	groups := b.groups(all)
	for i, g := range groups {
		g.choose(groups[i+1:])
	}
	for len(groups) > budget {
		best := groups[0]
		for _, g := range groups[:len(groups)-1] {
			if g.extra < best.extra {
				best = g
			}
		}
		groups = joined(groups, best)
	}
	merged := make([][]int, len(groups))
	for i, g := range groups {
		merged[i] = g.nodes
	}
	return merged
}

// groups are cohorts as groups, without mates.
func (b *builder) groups(all []cohort) []*group {
	groups := make([]*group, len(all))
	of := make([]*group, len(b.nodes))
	for i, c := range all {
		groups[i] = &group{nodes: c, below: newSet(len(b.nodes))}
		for _, node := range c {
			of[node] = groups[i]
			groups[i].size += b.weight(node)
		}
	}
	for node, below := range b.below() {
		if of[node] != nil {
			of[node].below.add(below)
		}
	}
	for _, g := range groups {
		g.depth = g.below.count()
	}
	return groups
}

// joined joins a group with its mate. Those choose again that one of the two was
// the mate of, and the others see whether the new group is a better one.
func joined(groups []*group, g *group) []*group {
	h := g.mate
	g.absorb(h)
	groups = slices.DeleteFunc(groups, func(x *group) bool { return x == h })
	before := true
	for i, x := range groups {
		if x == g {
			before = false
		}
		if x == g || x.mate == g || x.mate == h {
			x.choose(groups[i+1:])
		} else if before {
			if extra := x.join(g); extra < x.extra {
				x.mate, x.extra = g, extra
			}
		}
	}
	return groups
}
