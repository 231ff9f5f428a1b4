// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"os"
	"strings"
	"testing"
)

// TestCaps answers for what dockerui can do, and the image's label says the same: a daemon
// holds requests to that before the frontend runs.
func TestCaps(t *testing.T) {
	data, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if label := `caps="` + strings.Join(knownCaps(), ",") + `"`; !strings.Contains(string(data), label) {
		t.Errorf("the Dockerfile has no label %s", label)
	}
	for wanted, want := range map[string]bool{
		"": true, "moby.buildkit.frontend.contexts+forward,moby.buildkit.frontend.subrequests+forward": true,
		"moby.buildkit.frontend.contexts.zstd": true, "moby.buildkit.frontend.contexts.rar+forward": false,
	} {
		if err := checkCaps(wanted); (err == nil) != want {
			t.Errorf("%q: %v", wanted, err)
		}
	}
}

// TestNamedScanner finds out whether a request names the scanner of SBOMs, by either name
// that attestations have.
func TestNamedScanner(t *testing.T) {
	for key, want := range map[string]bool{"attest:sbom": true, "build-arg:BUILDKIT_ATTEST_SBOM": true, "attest:provenance": false, "build-arg:SBOM": false} {
		if got := namesScanner(map[string]string{key: "type=sbom,generator=example.org/scan"}); got != want {
			t.Errorf("%s: a scanner is named: %t", key, got)
		}
	}
	if namesScanner(map[string]string{"attest:sbom": "type=sbom"}) {
		t.Error("no scanner is named")
	}
}
