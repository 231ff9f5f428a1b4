// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
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
		if len(candidate) > longest {
			continue
		}
		distance := levenshtein.Distance(strings.ToLower(name), strings.ToLower(candidate), nil)
		if distance < least && distance < len(candidate) {
			best, least = candidate, distance
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
