// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/llb/lock"
)

// some makes packages of random sizes, the same for the same seed.
func some(seed uint64, n int) []lock.Package {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]lock.Package, n)
	for i := range out {
		out[i] = lock.Package{Name: fmt.Sprintf("p%d-%d", seed, i), Version: "1", Size: int64(1) << r.IntN(24)}
		if i%3 == 1 {
			out[i].Source = out[i-1].Name
		}
	}
	return out
}

func contents(groups [][]lock.Package) []string {
	var out []string
	for _, g := range groups {
		var names []string
		for _, p := range g {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		out = append(out, strings.Join(names, " "))
	}
	slices.Sort(out)
	return out
}

// TestGroup checks that groups are a partition within the limits, whatever the
// order, and that sources stay together.
func TestGroup(t *testing.T) {
	for seed := range uint64(50) {
		packages := some(seed, 1+int(seed)*7)
		groups := group(packages)
		if len(groups) > maxSolos+maxBuckets {
			t.Errorf("seed %d: %d groups, want at most %d", seed, len(groups), maxSolos+maxBuckets)
		}
		place := map[string]int{}
		n := 0
		for i, g := range groups {
			for _, p := range g {
				n++
				if at, ok := place[sourceOf(p)]; ok && at != i {
					t.Errorf("seed %d: the source %s is in two groups", seed, sourceOf(p))
				}
				place[sourceOf(p)] = i
			}
		}
		if n != len(packages) {
			t.Errorf("seed %d: the groups have %d packages of %d", seed, n, len(packages))
		}
		shuffled := slices.Clone(packages)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if !slices.Equal(contents(group(shuffled)), contents(groups)) {
			t.Errorf("seed %d: the groups follow the order", seed)
		}
	}
}

// TestGroupIsStable adds one small package: at most one group changes, and the
// limits of many packages don't come near.
func TestGroupIsStable(t *testing.T) {
	for seed := range uint64(20) {
		packages := some(seed, 60)
		before := contents(group(packages))
		after := contents(group(append(packages, lock.Package{Name: "one-more", Version: "1", Size: 4000})))
		changed := 0
		for _, g := range after {
			if !slices.Contains(before, g) {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("seed %d: %d groups changed, want 1", seed, changed)
		}
	}
}

// TestGroupBeside keeps packages together that the lock puts beside each other, with the
// others of their sources.
func TestGroupBeside(t *testing.T) {
	large := int64(soloSize)
	got := contents(group([]lock.Package{
		{Name: "a", Size: large},
		{Name: "b", Source: "s", Size: large},
		{Name: "c", Source: "s", Size: large},
		{Name: "d", Beside: "a", Size: large},
		{Name: "e", Beside: "b", Size: large},
		{Name: "f", Source: "e", Beside: "a", Size: large},
		{Name: "g", Beside: "gone", Size: large},
	}))
	if want := []string{"a b c d e f", "g"}; !slices.Equal(got, want) {
		t.Errorf("the groups are %q, want %q", got, want)
	}
}

// TestParts divides what is large.
func TestParts(t *testing.T) {
	for mib, want := range map[int64]int{0: 1, 1: 1, 7: 1, 8: 2, 15: 3, 16: 4, 500: 4} {
		if got := partsOf([]lock.Package{{Size: mib << 19}, {Size: mib << 19}}); got != want {
			t.Errorf("%d MiB have %d parts, want %d", mib, got, want)
		}
	}
}
