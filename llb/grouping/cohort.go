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
// A head that would need more layers than there are is left out. Twice as many are
// tried as there are layers, and each is one walk through the graph:
// O(layers × (nodes + references)).
//
// Heads by size are what nixpkgs' dockerTools came to as well, after counting
// popularity for years; that the roots stay apart is our addition.
func (b *builder) cohorts(free []int, budget int) {
	parts := b.cohortsOf(free, budget)
	if b.lumpy(parts) {
		parts = b.halve(b.cohortsOf(free, (budget+1)/2), budget)
	}
	b.heads = map[int][]int{}
	for _, part := range parts {
		layer := b.open()
		b.heads[layer] = part.heads
		for _, i := range part.nodes {
			b.add(layer, i)
		}
	}
}

// A cohort is nodes with the same heads.
type cohort struct{ nodes, heads []int }

// size is the bytes of a cohort, and spread those beside its greatest node: what
// splitting it takes apart.
func (b *builder) size(c cohort) (size, spread int64) {
	var most int64
	for _, i := range c.nodes {
		size += b.nodes[i].Size
		most = max(most, b.nodes[i].Size)
	}
	return size, size - most
}

// lumpy tells whether one cohort has more than a third of all bytes, and not in one
// node. So it is where everything needs everything: each further head would cut off
// little and cost many layers.
func (b *builder) lumpy(all []cohort) bool {
	var most, sum int64
	for _, c := range all {
		size, spread := b.size(c)
		sum += size
		most = max(most, spread)
	}
	return most > sum/3
}

// halve splits the cohort with most to take apart, again and again, until there are as many as
// may be: those of its nodes that need least from those that need most.
func (b *builder) halve(all []cohort, budget int) []cohort {
	closure := b.closureSizes()
	for len(all) < budget {
		at, most := none, int64(-1)
		for i, c := range all {
			if _, spread := b.size(c); len(c.nodes) > 1 && spread > most {
				at, most = i, spread
			}
		}
		if at == none {
			break
		}
		c := all[at]
		half, _ := b.size(c)
		half /= 2
		slices.SortStableFunc(c.nodes, func(i, j int) int { return cmp.Compare(closure[i], closure[j]) })
		n, sum := 0, int64(0)
		for n < len(c.nodes)-1 && (n == 0 || sum+b.nodes[c.nodes[n]].Size <= half) {
			sum += b.nodes[c.nodes[n]].Size
			n++
		}
		all[at].nodes = c.nodes[:n:n]
		all = append(all, cohort{c.nodes[n:], c.heads})
	}
	return all
}

// cohortsOf puts nodes into cohorts, no more than a budget.
func (b *builder) cohortsOf(free []int, budget int) []cohort {
	isFree := make([]bool, len(b.nodes))
	for _, i := range free {
		isFree[i] = true
	}
	bySize := slices.SortedStableFunc(slices.Values(free), func(i, j int) int {
		return cmp.Compare(b.nodes[j].Size, b.nodes[i].Size)
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
			all = append(all, cohort{heads: best.sets[label]})
		}
		all[k].nodes = append(all[k].nodes, i)
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
