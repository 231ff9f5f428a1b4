// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/llb/lock"
)

// TestDiff says what moved between two locks.
func TestDiff(t *testing.T) {
	before, after := sample(), sample()
	if got := lock.Diff(before, after); len(got) != 0 {
		t.Errorf("the same lock differs: %v", got)
	}
	after.Sources.Merge(lock.Sources{
		Images: []lock.Image{{Name: "debian:bookworm-slim", Digest: "sha256:" + strings.Repeat("0e", 32)}},
		URLs:   []lock.URL{{Address: "https://example.org/new", SHA256: strings.Repeat("0f", 32)}},
	})
	after.Sources.Git = after.Sources.Git[1:]
	packages := after.Platform("default", "linux/amd64").Packages.Packages
	packages[0].Version, packages[0].SHA256 = "1.7", strings.Repeat("ff", 32)
	packages[1].SHA256 = strings.Repeat("ee", 32)
	after.Platform("default", "linux/amd64").Closures = nil
	var got []string
	for _, c := range lock.Diff(before, after) {
		got = append(got, c.String())
	}
	store := "path /nix/store/" + nixHash
	want := []string{
		"image debian:bookworm-slim: from sha256:" + strings.Repeat("1b", 32) + " to sha256:" + strings.Repeat("0e", 32),
		"url https://example.org/new: new, sha256:" + strings.Repeat("0f", 32),
		"git git@example.org:lib.git#v1: gone, " + strings.Repeat("cd", 32),
		"package jq:amd64 of default for linux/amd64: from 1.6-2.1 to 1.7",
		"package null:all of default for linux/amd64: from sha256:" + strings.Repeat("3d", 32) + " to sha256:" + strings.Repeat("ee", 32),
		store + "-app of default for linux/amd64: gone, sha256:" + strings.Repeat("4e", 32),
		store + "-lib of default for linux/amd64: gone, sha256:" + strings.Repeat("5f", 32),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Diff() (-want +got):\n%s", diff)
	}
	if got := lock.Diff(nil, nil); len(got) != 0 {
		t.Errorf("Diff(nil, nil) = %v", got)
	}
}
