// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

func TestExplain(t *testing.T) {
	store := spec.Range{Start: spec.Pos{Line: 3}}
	p := &plan.Plan{Images: []*plan.Image{{Target: "default", Platform: "linux/amd64", Layers: []plan.Layer{
		{Words: "store paths libc, 2 more", Range: store, Action: &plan.Store{Dir: "/nix/store", Size: 3_001_999, Items: []plan.StorePath{
			{Name: "a-small", NarSize: 999}, {Name: "b-libc", NarSize: 3_000_000}, {Name: "c-kilo", NarSize: 1000},
		}}},
		{Words: "store paths app", Range: store, Action: &plan.Store{Dir: "/nix/store", Size: 1000, Items: []plan.StorePath{{Name: "d-app", NarSize: 1000}}}},
		{Words: "link store paths to /usr/local", Range: store, Action: &plan.Link{}},
		{Name: "more", Words: "files /x", Range: spec.Range{Start: spec.Pos{Line: 9}}, Fold: true, Action: &plan.Files{}},
		{Words: "packages: install a", Range: spec.Range{Start: spec.Pos{Line: 10}}, Action: &plan.Install{Recommends: new(false)}},
		{Words: "packages: install b", Range: spec.Range{Start: spec.Pos{Line: 11}}, Action: &plan.Install{Recommends: new(true)}},
		{Words: "packages: install c", Range: spec.Range{Start: spec.Pos{Line: 12}}, Action: &plan.Install{}},
	}}}}
	var b strings.Builder
	if err := p.Explain(&b); err != nil {
		t.Fatal(err)
	}
	want := `default for linux/amd64: 7 layers
   1     3.0 MB  store paths libc, 2 more
         3.0 MB    /nix/store/b-libc
         1.0 kB    /nix/store/c-kilo
          999 B    /nix/store/a-small
   2     1.0 kB  store paths app
         1.0 kB    /nix/store/d-app
   3             link store paths to /usr/local
   4             more: files /x (in the layer before)
   5             packages: install a (without what they recommend)
   6             packages: install b (with what they recommend)
   7             packages: install c
a change of d-app alone pushes 1.0 kB of 3.0 MB again (0.03%)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
