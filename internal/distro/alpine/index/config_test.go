// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

func TestReadsConfiguration(t *testing.T) {
	got, err := ParseRepositories("# comment\n\nhttps://example.org/alpine/v3.20/main/\n  @edge  http://example.org/edge # no\n")
	if err == nil {
		t.Errorf("a comment after an address is taken: %v", got)
	}
	got, err = ParseRepositories("# comment\n\nhttps://example.org/alpine/v3.20/main/\n\t@edge  http://example.org/edge\n")
	want := []Repository{{URL: "https://example.org/alpine/v3.20/main"}, {URL: "http://example.org/edge", Tag: "edge"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if url := got[0].IndexURL("aarch64"); url != "https://example.org/alpine/v3.20/main/aarch64/APKINDEX.tar.gz" {
		t.Error(url)
	}
	for _, bad := range []string{"@edge", "@ http://example.org", "a b", "http://example.org/${X}"} {
		if got, err := ParseRepositories(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, got)
		}
	}
	if _, err := ReadInstalled("C:" + control.Q1(nil) + "\nP:a\nV:1-r0\nf:s\n"); err == nil || !strings.Contains(err.Error(), "could not install wholly: a;") {
		t.Error(err)
	}
}
