// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/llb/plan"
)

// TestChangedOfTarget takes what a target's layers made, which is known of targets alone.
func TestChangedOfTarget(t *testing.T) {
	const file = `
from: base
layers: [{files: [{dest: /x/, from: "%s", source: /usr, changed: true}]}]
targets:
  made: {from: base, layers: [{build: {run: make install}}]}
`
	p, err := planned(t, fmt.Sprintf(file, "target:made"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if from := p.Images[1].Layers[0].Action.(*plan.Files).Entries[0].Copy.From; !from.Changed || from.Name != "made" {
		t.Errorf("it is taken from %+v", from)
	}
	if _, err := planned(t, fmt.Sprintf(file, "base"), nil); err == nil || !strings.Contains(err.Error(), "strata.yaml:3:") || !strings.Contains(err.Error(), "changed goes with a target") {
		t.Errorf("of an image: %v", err)
	}
}

// TestAbout shows that names expand in what a build file says of what it fetches and
// builds, and that what comes of it is checked as it is where it has no names.
func TestAbout(t *testing.T) {
	const file = `
args: {V: "1.2", L: MIT, P: "pkg:github/owner/tool"}
from: base
layers:
  - files: [{dest: /a, url: "https://example.org/a", purl: "$P@$V", license: "$L OR Apache-2.0", version: $V, supplier: "Person: ${V}", contains: [{purl: "pkg:generic/part@$V", license: $L}]}]
  - build: {run: "true", license: $L}
  - files: [{dest: /a, url: "https://example.org/a"}]
`
	p, err := planned(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	layers := p.Images[0].Layers
	got := []*plan.About{layers[0].Action.(*plan.Files).Entries[0].About, layers[1].Action.(*plan.Exec).About, layers[2].Action.(*plan.Files).Entries[0].About}
	first := &plan.About{PURL: "pkg:github/owner/tool@1.2", License: "MIT OR Apache-2.0", Version: "1.2", Supplier: "Person: 1.2"}
	first.Contains = []plan.About{{PURL: "pkg:generic/part@1.2", License: "MIT"}}
	want := []*plan.About{first, {License: "MIT"}, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, value := range map[string]string{"L": "Mine", "V": "a\nb", "P": "tool"} {
		_, err := planned(t, file, map[string]string{name: value})
		if err == nil || !strings.Contains(err.Error(), "strata.yaml:5:") {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}
