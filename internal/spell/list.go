// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spell

import (
	"fmt"
	"strings"
)

// most is how many names a message lists at most.
const most = 12

// List joins names as a sentence does, "a, b and c" for the last word "and".
// More than twelve are cut: "…, k and 5 more".
func List(names []string, last string) string {
	if len(names) > most {
		names = append(names[:most-1:most-1], fmt.Sprintf("%d more", len(names)-most+1))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	n := len(names) - 1
	return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
}

// Count is a number with what it counts, "1 layer" or "2 layers"; the noun is the word
// for one.
func Count(n int, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "y"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
