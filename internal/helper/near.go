// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import "slices"

// near returns up to three of the names that differ least from the one given, if they differ little.
func near(name string, names []string) []string {
	limit := max(1, len(name)/3)
	var nearest []string
	for distance := 1; distance <= limit && len(nearest) < 3; distance++ {
		for _, candidate := range names {
			if len(nearest) < 3 && edits(name, candidate) == distance && !slices.Contains(nearest, candidate) {
				nearest = append(nearest, candidate)
			}
		}
	}
	return nearest
}

// edits counts the bytes to insert, remove or replace to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
