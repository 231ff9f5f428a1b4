// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// TestFit brings layers of packages below a limit: the parts of large ones are given
// up before anything shares a layer, and what installs them never does.
func TestFit(t *testing.T) {
	layers := func() []plan.Layer {
		return []plan.Layer{
			{Words: "large", Action: &plan.Unpack{Parts: 3}},
			{Words: "small", Action: &plan.Unpack{}},
			{Words: "install", Action: &plan.Install{}},
			{Words: "out", Action: &plan.Exec{Out: true}},
		}
	}
	for limit, want := range map[int]string{
		6: "large/3, small, install, out",
		5: "large/2, small, install, out",
		4: "large, small, install, out",
		3: "large, +small, install, out",
		2: "",
	} {
		given := layers()
		s := &spec.Spec{File: "strata.yaml", Targets: []spec.Target{{Name: "default", MaxLayers: limit}}}
		target := &Target{pass: &planner{req: Request{Spec: s, Warn: func(*spec.Error) {}}}, described: &s.Targets[0], read: reader{file: s}, image: &plan.Image{From: plan.Tree{Kind: plan.Scratch}}}
		fitted, err := target.fit(given)
		if (err != nil) != (want == "") {
			t.Errorf("%d layers: error %v", limit, err)
		}
		if got := wordsOf(fitted); err == nil && got != want {
			t.Errorf("%d layers: %s; want %s", limit, got, want)
		}
		if given[0].Action.(*plan.Unpack).Parts != 3 {
			t.Errorf("%d layers: what was given has changed", limit)
		}
	}
}

func wordsOf(layers []plan.Layer) string {
	var words []string
	for _, l := range layers {
		word := l.Words
		if l.Fold {
			word = "+" + word
		}
		if u, ok := l.Action.(*plan.Unpack); ok && u.Parts > 0 {
			word += fmt.Sprintf("/%d", u.Parts)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
