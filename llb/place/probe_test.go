// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"testing"

	"github.com/moby/patternmatcher"
)

// TestEscapePattern has a name's pattern match the name, and not what is left of it without
// what it begins or ends with.
func TestEscapePattern(t *testing.T) {
	for name, other := range map[string]string{" a": "a", "a ": "a", "\ta\n": "a", "!a": "a", "#a": "a", `a\b`: "ab", "[a]": "a", "a*": "ab", " ": "a"} {
		m, err := patternmatcher.New([]string{escapePattern(name)})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		is, err1 := m.MatchesOrParentMatches(name)
		isOther, err2 := m.MatchesOrParentMatches(other)
		if !is || isOther || err1 != nil || err2 != nil {
			t.Errorf("the pattern of %q matches it: %t, %v, and %q: %t, %v", name, is, err1, other, isOther, err2)
		}
	}
}
