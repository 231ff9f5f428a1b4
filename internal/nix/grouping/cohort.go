// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package grouping

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// cohorts finds half again as many cohorts as there may be layers, and merges them
// until they fit; few paths are merged as they are. The cohorts are much the same in
// different images, and what is merged is what changes together anyway: the table in
// docs/performance.md weighs both against each other.
func (b *builder) cohorts(free []int, budget int) {
	parts := slices.Collect(slices.Chunk(free, 1))
	if len(parts) > few*budget {
		parts = b.divide(b.cohortsOf(free, budget+budget/2))
	}
	for _, part := range b.merge(parts, budget) {
		layer := b.open()
		for _, i := range part {
			b.add(layer, i)
		}
	}
}

// A cohort is nodes with the same heads.
type cohort = []int

// few is how many paths there may be for each layer to be merged as they are, without
// cohorts.
const few = 3

// divide takes cohorts apart that have more than three times a layer's bytes on the
// average, and not in one node: they are where everything needs everything, so that a
// head cuts off little. Each of their nodes becomes a cohort, or each run of nodes that
// need about as much when there are very many.
func (b *builder) divide(all []cohort) []cohort {
	var whole int64
	for _, c := range all {
		size, _ := b.size(c)
		whole += size
	}
	var lumps, divided []cohort
	var nodes int
	for _, c := range all {
		if _, spread := b.size(c); spread > whole/int64(b.Max)*3 {
			lumps = append(lumps, c)
			nodes += len(c)
		} else {
			divided = append(divided, c)
		}
	}
	for _, c := range lumps {
		slices.SortStableFunc(c, func(i, j int) int { return cmp.Compare(b.needs[i], b.needs[j]) })
		divided = slices.AppendSeq(divided, slices.Chunk(c, (nodes+mergeFrom-1)/mergeFrom))
	}
	return divided
}

// size is the bytes of a cohort, and spread those beside its greatest node.
func (b *builder) size(c cohort) (size, spread int64) {
	var most int64
	for _, i := range c {
		size += b.weight(i)
		most = max(most, b.weight(i))
	}
	return size, size - most
}

// cohortsOf puts nodes into cohorts, no more than a budget. It makes the greatest
// nodes heads, one after the other, as long as the budget suffices. With each set of
// heads, a node belongs to the heads nearest above it: those from which a way leads
// to it that has no other head on it. Nodes with the same heads are a cohort, and
// what has just one head goes to the head's own.
//
// A head that would need more cohorts is left out. Twice as many are tried as the
// budget has, and each is one walk through the graph:
// O(budget × (nodes + references)).
//
// Heads by size are what nixpkgs' dockerTools came to as well, after counting
// popularity for years; that the roots stay apart is our addition.
func (b *builder) cohortsOf(free []int, budget int) []cohort {
	isFree := make([]bool, len(b.nodes))
	for _, i := range free {
		isFree[i] = true
	}
	bySize := slices.SortedStableFunc(slices.Values(free), func(i, j int) int {
		return cmp.Compare(b.weight(j), b.weight(i))
	})
	heads := make([]bool, len(b.nodes))
	var best *labels
	for _, head := range bySize[:min(len(bySize), 2*budget)] {
		heads[head] = true
		l := b.label(heads, isFree)
		if len(l.used) > budget {
			heads[head] = false
			continue
		}
		best = l
	}
	if best == nil {
		best = b.label(make([]bool, len(b.nodes)), isFree)
	}
	var all []cohort
	at := map[int]int{}
	for _, i := range free {
		label := best.of[i]
		k, ok := at[label]
		if !ok {
			k = len(all)
			at[label] = k
			all = append(all, nil)
		}
		all[k] = append(all[k], i)
	}
	return all
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
