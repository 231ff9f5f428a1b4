// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package printable

import "testing"

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://ann:secret@example.org/x.git#v1":  "https://…@example.org/x.git#v1",
		"https://token@example.org":                "https://…@example.org",
		"http://ann:se@cret@example.org:80/a@b":    "http://…@example.org:80/a@b",
		"ssh://git@example.org/x.git":              "ssh://git@example.org/x.git",
		"ssh://git:secret@example.org/x.git":       "ssh://…@example.org/x.git",
		"git@example.org:x.git":                    "git@example.org:x.git",
		"https://example.org/x@sha256:0?to=a@b":    "https://example.org/x@sha256:0?to=a@b",
		"https://an%zz:sec%ret@example.org/broken": "https://…@example.org/broken",
		"": "",
	} {
		if got := Address(in); got != want {
			t.Errorf("Address(%q) = %q, want %q", in, got, want)
		}
	}
}
