// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package newer

import (
	"slices"
	"strings"
	"testing"
)

// TestTag finds the newest tag that says the same thing as another one.
func TestTag(t *testing.T) {
	for _, tc := range []struct{ than, tags, want string }{
		{"22-alpine", "20-alpine 22-alpine 23 24 24-slim 24.1-alpine 24-alpine 24-alpine3.20 9-alpine", "24-alpine"},
		{"22-alpine", "22-alpine 9-alpine", ""},
		{"1.9", "1.10 1.2 2 1.10.1", "1.10"},
		{"v1.2.3", "1.3.0 v1.2.10 v1.2.9 v1.3", "v1.2.10"},
		{"1.2.3", "v1.3.0", ""},
		{"3.11", "3.12 3.13rc1 3.13.0rc1", "3.12"},
		{"3.13rc1", "3.13rc2 3.13 3.12", "3.13"},
		{"3.13rc1", "3.13rc2 3.12", "3.13rc2"},
		{"12", "20240101 13 13-slim", "13"},
		{"20240101", "20240301 13", "20240301"},
		{"2024.1", "2024.2 3.1", "2024.2"},
		{"latest", "1 2 3", ""},
		{"bookworm-slim", "trixie-slim", ""},
		{"1234567a", "2234567a", ""},
		{"1.2.3+build", "1.2.4+build 1.2.5", "1.2.4+build"},
		{"18446744073709551616", "18446744073709551617", ""},
		{"01", "2 02", "02"},
		{"1", "", ""},
	} {
		tags := strings.Fields(tc.tags)
		if got := Tag(tc.than, tags); got != tc.want {
			t.Errorf("newer than %s of %v: %q, want %q", tc.than, tags, got, tc.want)
		}
		slices.Reverse(tags)
		if got := Tag(tc.than, tags); got != tc.want {
			t.Errorf("newer than %s of %v: %q, want %q", tc.than, tags, got, tc.want)
		}
	}
}

// FuzzTag checks that what is newer than a tag has nothing newer among the same tags.
func FuzzTag(f *testing.F) {
	f.Add("22-alpine", "24-alpine 23")
	f.Fuzz(func(t *testing.T, than, list string) {
		tags := strings.Fields(list)
		newest := Tag(than, tags)
		if newest == "" {
			return
		}
		if !slices.Contains(tags, newest) || !IsVersion(than) {
			t.Errorf("%q is newer than %q", newest, than)
		}
		if again := Tag(newest, tags); again != "" && Tag(than, []string{again}) != "" {
			t.Errorf("%q is newer than %q, and %q than that", newest, than, again)
		}
	})
}
