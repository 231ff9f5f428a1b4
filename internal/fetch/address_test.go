// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for address, shown := range map[string]string{
		"https://example.org/x":             "https://example.org/x",
		"https://ann:se%cret@example.org/x": "…@example.org/x",
		"https://ann:se/cret@example.org/x": "…@example.org/x",
		"ann:secret@example.org":            "…@example.org",
		"%":                                 "%",
	} {
		if got := Shown(address); got != shown {
			t.Errorf("Shown(%q) is %q, want %q", address, got, shown)
		}
		if _, err := ParseAddress(address); err != nil && (strings.Contains(err.Error(), "cret") || strings.Contains(err.Error(), "ann")) {
			t.Errorf("ParseAddress(%q): %v", address, err)
		}
	}
}
