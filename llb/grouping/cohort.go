// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package grouping

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// cohorts makes the greatest nodes heads, one after the other, as long as the
// layers suffice. With each set of heads, a node belongs to the heads nearest
// above it: those from which a way leads to it that has no other head on it.
// Nodes with the same heads share a layer, and what has just one head goes to
// the head's own.
//
// Every head has a layer, so no more heads are tried than there are layers, and
// each is one walk through the graph: O(layers × (nodes + references)).
//
// Heads by size are what nixpkgs' dockerTools came to as well, after counting
// popularity for years; that the roots stay apart is our addition.
func (b *builder) cohorts(free []int, budget int) {
	isFree := make([]bool, len(b.nodes))
	for _, i := range free {
		isFree[i] = true
	}
	bySize := slices.SortedStableFunc(slices.Values(free), func(i, j int) int {
		return cmp.Compare(b.nodes[j].Size, b.nodes[i].Size)
	})
	heads := make([]bool, len(b.nodes))
	var best *labels
	for _, head := range bySize {
		heads[head] = true
		l := b.label(heads, isFree)
		if len(l.used) > budget {
			break
		}
		best = l
	}
	if best == nil {
		b.rest()
		return
	}
	b.heads = map[int][]int{}
	layers := map[int]int{}
	for _, i := range free {
		label := best.of[i]
		layer, ok := layers[label]
		if !ok {
			layer = b.open()
			layers[label] = layer
			b.heads[layer] = best.sets[label]
		}
		b.add(layer, i)
	}
}

// labels are sets of heads, each of them once, and which one each node has.
type labels struct {
	sets [][]int
	ids  map[string]int
	of   []int
	// used are the labels of nodes that need a layer.
	used map[int]bool
}

// label gives each node the set of its heads.
func (b *builder) label(heads, isFree []bool) *labels {
	l := &labels{ids: map[string]int{}, of: make([]int, len(b.nodes)), used: map[int]bool{}}
	var passed []int
	for _, i := range b.order {
		if heads[i] {
			l.of[i] = l.id([]int{i})
		} else {
			passed = passed[:0]
			for _, user := range b.users[i] {
				passed = append(passed, l.of[user])
			}
			l.of[i] = l.union(passed)
		}
		if isFree[i] {
			l.used[l.of[i]] = true
		}
	}
	return l
}

// union is the label of all heads of some labels.
func (l *labels) union(all []int) int {
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 1 {
		return all[0]
	}
	var set []int
	for _, label := range all {
		set = append(set, l.sets[label]...)
	}
	slices.Sort(set)
	return l.id(slices.Compact(set))
}

// id is the label of a sorted set.
func (l *labels) id(set []int) int {
	key := make([]byte, 0, 4*len(set))
	for _, i := range set {
		key = binary.BigEndian.AppendUint32(key, uint32(i))
	}
	id, ok := l.ids[string(key)]
	if !ok {
		id = len(l.sets)
		l.ids[string(key)] = id
		l.sets = append(l.sets, slices.Clone(set))
	}
	return id
}
