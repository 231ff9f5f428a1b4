// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Nearest returns up to five of the names given that are spelled like one that
// does not exist, the nearest first. It is for names of packages, of which there
// are tens of thousands.
func Nearest(name string, among iter.Seq[string]) []string {
	type candidate struct {
		name     string
		distance int
	}
	limit := max(1, min(3, len(name)/3))
	var found []candidate
	seen := map[string]bool{}
	for other := range among {
		if seen[other] {
			continue
		}
		d := distance(name, other, limit)
		if d > limit && len(name) > 2 && strings.HasPrefix(other, name) && len(other) <= len(name)+8 {
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

// distance counts insertions, deletions, replacements and swaps of neighbours
// between two words (optimal string alignment), and stops above a limit.
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
