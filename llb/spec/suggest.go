// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"strings"
)

// Suggest returns the name among those given that is nearest to a misspelt one,
// or "" when none is near. Of two that are equally near, the first wins.
func Suggest(name string, among []string) string {
	const longest = 64
	if name == "" || len(name) > longest {
		return ""
	}
	best, least := "", max(1, min(len(name)/3, 4))+1
	for _, candidate := range among {
		if len(candidate) > longest || max(len(name)-len(candidate), len(candidate)-len(name)) >= least {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(candidate))
		if d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// didYouMean is the hint for a misspelt name, or "" when none is near.
func didYouMean(name string, among []string) string {
	if near := Suggest(name, among); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// distance counts the bytes that have to be added, dropped, changed, or swapped
// with their neighbour to make one text of the other.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
