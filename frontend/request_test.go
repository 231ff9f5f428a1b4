// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"os"
	"strconv"
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

// TestEpoch refuses times that files can't have, as milliseconds come to.
func TestEpoch(t *testing.T) {
	for text, want := range map[string]string{
		"0": "", "1700000000": "", "-1": "", "9223372036": "",
		"1700000000000": "in the year 55840", "9999999999": "in the year 2286", "-9223372037": "in the year 1677", "1.5": "want seconds",
	} {
		epoch, err := parseEpoch(text)
		if want == "" && (err != nil || strconv.FormatInt(epoch.UnixNano()/1e9, 10) != text) {
			t.Errorf("%s is %v, %v", text, epoch, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
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
