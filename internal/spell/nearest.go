// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spell

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// longest is how long a name may be, in bytes, that is compared with others.
const longest = 128

// Suggest returns the name among those given that is nearest to a misspelt one,
// or "" when none is near. Upper and lower case don't differ. Of two that are
// equally near, the first wins.
func Suggest(name string, among []string) string {
	best, limit := "", tolerance(name)
	for _, candidate := range among {
		d := distance(strings.ToLower(name), strings.ToLower(candidate), limit)
		if d <= limit && d < len(candidate) {
			best, limit = candidate, d-1
		}
	}
	return best
}

// DidYouMean is the hint for a misspelt name, or "" when none of those given is
// near.
func DidYouMean(name string, among []string) string {
	if near := Suggest(name, among); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// Nearest returns up to five of the names given that are spelled like one that
// does not exist, or a little longer, the nearest first. It is for names of
// which there are tens of thousands, as packages have them.
func Nearest(name string, among iter.Seq[string]) []string {
	type candidate struct {
		name     string
		distance int
	}
	limit := tolerance(name)
	var found []candidate
	seen := map[string]bool{}
	lower := strings.ToLower(name)
	for other := range among {
		if seen[other] {
			continue
		}
		d := distance(lower, strings.ToLower(other), limit)
		if d > limit && len(name) > 2 && strings.HasPrefix(other, lower) && len(other) <= len(name)+8 {
			d = limit + 1 + len(other) - len(name)
		} else if d > limit {
			continue
		}
		seen[other] = true
		found = append(found, candidate{other, d})
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	names := make([]string, 0, 5)
	for _, c := range found[:min(5, len(found))] {
		names = append(names, c.name)
	}
	return names
}

// tolerance is how far from a name another one may be that was meant: a third of
// its length, between 1 and 3; nothing is near to an empty name or a very long
// one.
func tolerance(name string) int {
	if name == "" || len(name) > longest {
		return -1
	}
	return max(1, min(3, len(name)/3))
}

// distance counts insertions, deletions, replacements and swaps of neighbours
// between two texts (optimal string alignment), in bytes, and stops above a
// limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	width := len(b) + 1
	rows := make([]int, 3*width)
	before, last, row := rows[:width], rows[width:2*width], rows[2*width:]
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		best := row[0]
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			best = min(best, row[j+1])
		}
		if best > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
