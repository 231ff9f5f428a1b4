// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package grouping

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sized is a random closure of which no two groups cost the same.
func sized(r *rand.Rand, n int) []Node {
	nodes := random(r, n)
	for i := range nodes {
		nodes[i].Size = 1 + r.Int64N(1<<40)
	}
	return nodes
}

func alone(n int) []cohort {
	all := make([]cohort, n)
	for i := range all {
		all[i] = cohort{i}
	}
	return all
}

// What a group is said to cost is what is pushed because of it when each path
// changes once, with all that are above it.
func TestCostIsWhatIsPushed(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		g, err := newGraph(sized(r, 1+r.IntN(40)))
		if err != nil {
			t.Fatal(err)
		}
		b := builder{graph: g}
		all := b.groups(alone(len(g.nodes)))
		for len(all) > 1 && r.IntN(4) > 0 {
			all[0].absorb(all[1])
			all = slices.Delete(all, 1, 2)
		}
		want := make([]int64, len(all))
		for changed := range g.nodes {
			above := map[int]bool{changed: true}
			for _, i := range slices.Backward(g.order) {
				above[i] = above[i] || slices.ContainsFunc(g.refs[i], func(j int) bool { return above[j] })
			}
			for k, group := range all {
				if slices.ContainsFunc(group.nodes, func(i int) bool { return above[i] }) {
					want[k] += group.size
				}
			}
		}
		for k, group := range all {
			if group.cost() != want[k] {
				t.Errorf("seed %d: %v costs %d; pushed are %d", seed, group.nodes, group.cost(), want[k])
			}
		}
	}
}

// mergePlainly is merge as one would say it.
func (b *builder) mergePlainly(all []cohort, budget int) [][]int {
	groups := b.groups(all)
	for len(groups) > budget {
		at, with, least := 0, 1, groups[0].join(groups[1])
		for i, g := range groups {
			for j, h := range groups[i+1:] {
				if extra := g.join(h); extra < least {
					at, with, least = i, i+1+j, extra
				}
			}
		}
		groups[at].absorb(groups[with])
		groups = slices.Delete(groups, with, with+1)
	}
	var merged [][]int
	for _, g := range groups {
		merged = append(merged, g.nodes)
	}
	return merged
}

func TestMergeTakesTheCheapestPair(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		g, err := newGraph(sized(r, 2+r.IntN(40)))
		if err != nil {
			t.Fatal(err)
		}
		b, budget := builder{graph: g}, 1+r.IntN(len(g.nodes))
		got, want := b.merge(alone(len(g.nodes)), budget), b.mergePlainly(alone(len(g.nodes)), budget)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, %d nodes in %d layers:\n%s", seed, len(g.nodes), budget, diff)
		}
	}
}

// dense is a closure in which everything needs something of everything. Paths start
// with what may be a hash; the salted one has another hash and some bytes more.
func dense(n, salted int) []Node {
	var nodes []Node
	for i := range n {
		hash, size := uint32(i)*2654435761, int64(1000+i*i*7919%60_000)
		if i == salted {
			hash, size = ^hash, size+20
		}
		nodes = append(nodes, Node{Path: fmt.Sprintf("%08x-p%03d", hash, i), Name: fmt.Sprintf("p%03d", i), Size: size})
		for _, j := range []int{0, i * 7919 % max(i, 1), (i*7919 + 104729) % max(i, 1), (i*7919 + 209458) % max(i, 1)} {
			if j < i {
				nodes[i].References = append(nodes[i].References, nodes[j].Path)
			}
		}
	}
	return nodes
}

// Where everything needs everything a head cuts off little. Paths are merged then,
// and so no layer has many times the bytes of another.
func TestDenseClosure(t *testing.T) {
	for _, most := range []int{16, 40, 126} {
		layers, err := Group(dense(300, none), Options{Max: most})
		if err != nil {
			t.Fatal(err)
		}
		var greatest, sum int64
		for _, l := range layers[:len(layers)-1] {
			greatest, sum = max(greatest, l.Size), sum+l.Size
		}
		if average := sum / int64(len(layers)-1); len(layers) != most || greatest > 4*average {
			t.Errorf("%d layers of %d; the greatest has %d bytes, %d on the average", len(layers), most, greatest, average)
		}
	}
}

// A path that changes a little stays where it was, and so do all others.
func TestLittleChange(t *testing.T) {
	const n, step = 300, 5
	for _, most := range []int{16, 40, 126} {
		stay := 0
		before := namesOf(t, dense(n, none), most)
		for i := 0; i < n; i += step {
			if cmp.Equal(before, namesOf(t, dense(n, i), most)) {
				stay++
			}
		}
		if stay < n/step-1 {
			t.Errorf("in %d layers: %d of %d changes leave all paths where they were", most, stay, n/step)
		}
	}
}

// namesOf are the names in each layer, in any order of layers.
func namesOf(t *testing.T, nodes []Node, most int) []string {
	t.Helper()
	layers, err := Group(nodes, Options{Max: most})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range layers {
		var names []string
		for _, p := range l.Paths {
			names = append(names, p[len(p)-len("p000"):])
		}
		slices.Sort(names)
		all = append(all, fmt.Sprint(names))
	}
	slices.Sort(all)
	return all
}
