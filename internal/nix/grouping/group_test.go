// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package grouping

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// random is a closure of n nodes: references go to later ones.
func random(r *rand.Rand, n int) []Node {
	nodes := make([]Node, n)
	for i := range nodes {
		nodes[i] = Node{Path: fmt.Sprintf("p%03d", i), Size: int64(r.IntN(5)) * int64(r.IntN(1000))}
		for range r.IntN(5) {
			if j := i + r.IntN(n-i); j > i || r.IntN(2) == 0 {
				nodes[i].References = append(nodes[i].References, fmt.Sprintf("p%03d", j))
			}
		}
	}
	return nodes
}

func algorithms() []Algorithm { return []Algorithm{"", Cohort, PerPath, Popularity, Single} }

// What holds for every grouping of every closure.
func TestGroupings(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		nodes := random(r, 1+r.IntN(60))
		o := Options{Max: 1 + r.IntN(50), RootsAnywhere: r.IntN(4) == 0, Algorithm: algorithms()[seed%5]}
		if r.IntN(3) == 0 {
			o.Pins = [][]string{{nodes[0].Path, nodes[len(nodes)/2].Path}}
		}
		layers, err := Group(nodes, o)
		if err != nil {
			var few *TooFewError
			if !errors.As(err, &few) || few.Needed <= o.Max || o.Algorithm != PerPath && o.Max > 2 {
				t.Fatalf("seed %d: %d nodes with %+v: %v", seed, len(nodes), o, err)
			}
			continue
		}
		checkPartition(t, seed, nodes, layers, o)
		shuffled := slices.Clone(nodes)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for i := range shuffled {
			refs := slices.Clone(shuffled[i].References)
			r.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
			shuffled[i].References = refs
		}
		again, err := Group(shuffled, o)
		if diff := cmp.Diff(layers, again); err != nil || diff != "" {
			t.Fatalf("seed %d: in another order it is grouped otherwise: %v\n%s", seed, err, diff)
		}
	}
}

func checkPartition(t *testing.T, seed uint64, nodes []Node, layers []Layer, o Options) {
	t.Helper()
	if len(layers) > o.Max {
		t.Fatalf("seed %d: %d layers, and %d are allowed", seed, len(layers), o.Max)
	}
	size, users := map[string]int64{}, map[string]int{}
	for _, n := range nodes {
		size[n.Path] = n.Size
		for _, ref := range n.References {
			if ref != n.Path {
				users[ref]++
			}
		}
	}
	seen := map[string]bool{}
	for i, l := range layers {
		sum, roots := int64(0), 0
		for _, p := range l.Paths {
			if _, ok := size[p]; !ok || seen[p] {
				t.Fatalf("seed %d: %s is in two layers, or no node", seed, p)
			}
			seen[p] = true
			sum += size[p]
			if users[p] == 0 {
				roots++
			}
		}
		pinned := len(o.Pins) > 0 && slices.Contains(o.Pins[0], l.Paths[0])
		if roots > 0 && !pinned && !o.RootsAnywhere && len(layers) > 1 && (i != len(layers)-1 || roots < len(l.Paths)) {
			t.Fatalf("seed %d: roots aren't in the last layer, or not alone: %v", seed, layers)
		}
		if sum != l.Size || len(l.Paths) == 0 || !slices.IsSorted(l.Paths) {
			t.Fatalf("seed %d: layer %+v, whose size is %d", seed, l, sum)
		}
	}
	if len(seen) != len(nodes) {
		t.Fatalf("seed %d: %d of %d nodes are in a layer", seed, len(seen), len(nodes))
	}
}

// graphOf reads "app:5 > lib libc" lines.
func graphOf(t *testing.T, text string) []Node {
	t.Helper()
	var nodes []Node
	for line := range strings.Lines(strings.TrimSpace(text)) {
		head, refs, _ := strings.Cut(line, ">")
		var n Node
		if _, err := fmt.Sscanf(strings.Replace(head, ":", " ", 1), "%s %d", &n.Path, &n.Size); err != nil {
			t.Fatal(err)
		}
		n.References = strings.Fields(refs)
		nodes = append(nodes, n)
	}
	return nodes
}

func show(layers []Layer) string {
	var b strings.Builder
	for _, l := range layers {
		fmt.Fprintf(&b, "%d: %s\n", l.Size, strings.Join(l.Paths, " "))
	}
	return b.String()
}

const sample = `
app:1    > app python ssl data
python:90 > libc ffi zlib
ffi:2    > libc
ssl:30   > libc zlib cfg
cfg:1
zlib:3   > libc
data:4
libc:50
`

func TestCohorts(t *testing.T) {
	for max, want := range map[int]string{
		1: "181: app cfg data ffi libc python ssl zlib\n",
		2: "180: cfg data ffi libc python ssl zlib\n1: app\n",
		// All below python is python's, though ssl, which is in no head's, needs it too.
		3: "35: cfg data ssl\n145: ffi libc python zlib\n1: app\n",
		// With more layers, three at most come together in one. zlib is cheaper with
		// ssl, because more than zlib's own changes push python.
		4: "50: libc\n38: cfg data ssl zlib\n92: ffi python\n1: app\n",
		5: "4: data\n50: libc\n34: cfg ssl zlib\n92: ffi python\n1: app\n",
		6: "4: data\n50: libc\n3: zlib\n31: cfg ssl\n92: ffi python\n1: app\n",
		8: "1: cfg\n4: data\n50: libc\n2: ffi\n3: zlib\n30: ssl\n90: python\n1: app\n",
	} {
		layers, err := Group(graphOf(t, sample), Options{Max: max})
		if err != nil {
			t.Fatal(err)
		}
		if got := show(layers); got != want {
			t.Errorf("with %d layers:\n%swant:\n%s", max, got, want)
		}
	}
}

// Cohorts alone, before they are merged.
func TestHeads(t *testing.T) {
	g, err := newGraph(graphOf(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	b := builder{graph: g}
	var free []int
	for i, n := range g.nodes {
		if n.Path != "app" {
			free = append(free, i)
		}
	}
	for budget, want := range map[int]string{
		// All below python is python's, though ssl, which is in no head's, needs it too.
		2: "cfg data ssl, ffi libc python zlib",
		3: "cfg data ssl, ffi python zlib, libc",
		// With ssl as a head zlib would need a cohort, too; data fits.
		4: "cfg ssl, data, ffi python zlib, libc",
		// With ssl as a head zlib is between the two.
		5: "cfg ssl, data, ffi python, libc, zlib",
	} {
		var all []string
		for _, c := range b.cohortsOf(free, budget) {
			var names []string
			for _, i := range c {
				names = append(names, g.nodes[i].Path)
			}
			all = append(all, strings.Join(names, " "))
		}
		slices.Sort(all)
		if got := strings.Join(all, ", "); got != want {
			t.Errorf("up to %d cohorts: %s; want %s", budget, got, want)
		}
	}
}

func TestOtherAlgorithms(t *testing.T) {
	for want, o := range map[string]Options{
		"181: app cfg data ffi libc python ssl zlib\n": {Algorithm: Single, Max: 10},
		// Five ways lead to libc, two to zlib, and one to all others.
		"50: libc\n3: zlib\n127: cfg data ffi python ssl\n1: app\n":                 {Algorithm: Popularity, Max: 4},
		"1: cfg\n4: data\n50: libc\n2: ffi\n3: zlib\n30: ssl\n90: python\n1: app\n": {Algorithm: PerPath, Max: 8},
		"53: libc zlib\n30: ssl\n97: cfg data ffi python\n1: app\n":                 {Max: 4, Pins: [][]string{{"zlib", "libc"}, {"ssl"}}},
		"180: cfg data ffi libc python ssl zlib\n1: app\n":                          {Max: 2, Pins: [][]string{{"app"}}},
		"50: libc\n92: ffi python\n39: app cfg data ssl zlib\n":                     {Max: 3, RootsAnywhere: true},
	} {
		layers, err := Group(graphOf(t, sample), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := show(layers); got != want {
			t.Errorf("%+v:\n%swant:\n%s", o, got, want)
		}
	}
}

func TestGroupRefuses(t *testing.T) {
	for want, tc := range map[string]struct {
		graph string
		o     Options
	}{
		"it takes at least 8 layers, and there may be 7": {sample, Options{Algorithm: PerPath, Max: 7}},
		"it takes at least 1 layer, and there may be 0":  {sample, Options{}},
		"it takes at least 3 layers, and there may be 2": {sample, Options{Max: 2, Pins: [][]string{{"libc"}}}},
		"pin nothing: it is not among the paths":         {sample, Options{Max: 9, Pins: [][]string{{"nothing"}}}},
		"pin libc: another pin has it already":           {sample, Options{Max: 9, Pins: [][]string{{"libc"}, {"libc", "zlib"}}}},
		`no algorithm is called "magic"`:                 {sample, Options{Max: 4, Algorithm: "magic"}},
		"a refers to b, which is not among them":         {"a:1 > b", Options{Max: 4}},
		"a is there twice":                               {"a:1\na:1", Options{Max: 4}},
		"b is in a circle of references":                 {"a:1 > b\nb:1 > c\nc:1 > b", Options{Max: 4}},
	} {
		layers, err := Group(graphOf(t, tc.graph), tc.o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v, %v; want %q", layers, err, want)
		}
	}
	if layers, err := Group(nil, Options{Max: 1}); len(layers) != 0 || err != nil {
		t.Errorf("of nothing: %v, %v", layers, err)
	}
}

// A chain of doublings has more ways than fit in a number, and more sets of
// heads than a slow algorithm would get through.
func TestGroupTakesManyWays(t *testing.T) {
	var nodes []Node
	for i := range 3000 {
		n := Node{Path: fmt.Sprintf("p%04d", i), Size: int64(i * 7919 % 1000)}
		for j := i + 1; j <= min(i+3, 2999); j++ {
			n.References = append(n.References, fmt.Sprintf("p%04d", j))
		}
		nodes = append(nodes, n)
	}
	for _, algorithm := range []Algorithm{Cohort, Popularity} {
		layers, err := Group(nodes, Options{Algorithm: algorithm, Max: 100})
		if err != nil || len(layers) < 90 {
			t.Errorf("%s: %d layers, %v", algorithm, len(layers), err)
		}
	}
}
