// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package grouping

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// A graph has its nodes as numbers, in the order of their names and paths.
type graph struct {
	nodes []Node
	index map[string]int
	// refs are what a node refers to, users what refers to it, both sorted.
	refs, users [][]int
	// order has users before what they use.
	order []int
}

func newGraph(nodes []Node) (*graph, error) {
	g := &graph{nodes: slices.Clone(nodes), index: make(map[string]int, len(nodes))}
	slices.SortFunc(g.nodes, func(a, b Node) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path))
	})
	g.refs, g.users = make([][]int, len(nodes)), make([][]int, len(nodes))
	for i, n := range g.nodes {
		if _, ok := g.index[n.Path]; ok {
			return nil, fmt.Errorf("group paths: %s is there twice", n.Path)
		}
		g.index[n.Path] = i
	}
	for i, n := range g.nodes {
		for _, ref := range n.References {
			j, ok := g.index[ref]
			if !ok {
				return nil, fmt.Errorf("group paths: %s refers to %s, which is not among them", n.Path, ref)
			}
			if j != i {
				g.refs[i] = append(g.refs[i], j)
			}
		}
		slices.Sort(g.refs[i])
		g.refs[i] = slices.Compact(g.refs[i])
		for _, j := range g.refs[i] {
			g.users[j] = append(g.users[j], i)
		}
	}
	return g, g.sort()
}

// sort finds an order with users first (Kahn's algorithm).
func (g *graph) sort() error {
	waits := make([]int, len(g.nodes))
	for i := range g.nodes {
		if waits[i] = len(g.users[i]); waits[i] == 0 {
			g.order = append(g.order, i)
		}
	}
	for at := 0; at < len(g.order); at++ {
		for _, j := range g.refs[g.order[at]] {
			if waits[j]--; waits[j] == 0 {
				g.order = append(g.order, j)
			}
		}
	}
	if len(g.order) < len(g.nodes) {
		i := slices.IndexFunc(waits, func(n int) bool { return n > 0 })
		return fmt.Errorf("group paths: %s is in a circle of references, or below one", g.nodes[i].Path)
	}
	return nil
}

// weight is a node's size in bytes, rounded down by an eighth at most: a path that
// changes a little is not to change what other paths are grouped with.
func (g *graph) weight(i int) int64 {
	size := g.nodes[i].Size
	shift := max(bits.Len64(uint64(size))-4, 0)
	return size >> shift << shift
}

// ways counts the ways to each node from the roots. Beyond what a number can
// hold they count as that.
func (g *graph) ways() []uint64 {
	ways := make([]uint64, len(g.nodes))
	for _, i := range g.order {
		if len(g.users[i]) == 0 {
			ways[i] = 1
		}
		for _, j := range g.refs[i] {
			if ways[j] > math.MaxUint64-ways[i] {
				ways[j] = math.MaxUint64
			} else {
				ways[j] += ways[i]
			}
		}
	}
	return ways
}

// closureSizes are the bytes of each node with all below it.
func (g *graph) closureSizes() []int64 {
	sizes := make([]int64, len(g.nodes))
	for i, below := range g.below() {
		for j := range g.nodes {
			if below.has(j) {
				sizes[i] += g.nodes[j].Size
			}
		}
	}
	return sizes
}

// below goes through the sets of each node and all that it needs. A set is gone when
// all users of its node had theirs: together they would take memory with the square
// of the nodes.
func (g *graph) below() iter.Seq2[int, set] {
	return func(yield func(int, set) bool) {
		below := make([]set, len(g.nodes))
		waits := make([]int, len(g.nodes))
		for _, i := range slices.Backward(g.order) {
			s := newSet(len(g.nodes))
			s[i/64] |= 1 << (i % 64)
			for _, j := range g.refs[i] {
				s.add(below[j])
				if waits[j]--; waits[j] == 0 {
					below[j] = nil
				}
			}
			if below[i], waits[i] = s, len(g.users[i]); !yield(i, s) {
				return
			}
		}
	}
}

// A set of nodes has a bit for each.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(other set) {
	for w, word := range other {
		s[w] |= word
	}
}

func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) count() int64 {
	var n int
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return int64(n)
}
