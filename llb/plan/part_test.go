// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/llb/plan"
)

// TestContextParts has what is sent of a context for what is copied from it.
func TestContextParts(t *testing.T) {
	for _, c := range []struct {
		name   string
		copies []plan.Copy
		want   plan.Part
	}{
		{"a path", []plan.Copy{{Path: "/a/b"}, {Path: "/c"}, {Path: "/c"}}, plan.Part{Paths: []string{"a/b", "c"}}},
		{"everything", []plan.Copy{{Path: "/"}, {Path: "/c"}}, plan.Part{}},
		{"patterns", []plan.Copy{{Path: "/", Include: []string{"**/*.go", "/go.mod", "docs/"}}}, plan.Part{Include: []string{"**/*.go", "docs", "go.mod"}}},
		{"patterns and a path", []plan.Copy{{Path: "/", Include: []string{"*.go"}}, {Path: "/c"}}, plan.Part{Include: []string{"*.go"}, Paths: []string{"c"}}},
		{"patterns below a path, which may be a link", []plan.Copy{{Path: "/a", Include: []string{"b/**/c", "*.go", "d"}}}, plan.Part{Paths: []string{"a/*.go", "a/b", "a/d"}}},
		{"patterns of all depths below a path", []plan.Copy{{Path: "/a", Include: []string{"**/*.go"}}}, plan.Part{Paths: []string{"a"}}},
		{"exceptions", []plan.Copy{{Path: "/a", Include: []string{"*", "!b"}}}, plan.Part{Paths: []string{"a"}}},
		{"what is left out", []plan.Copy{{Path: "/", Exclude: []string{"node_modules", "**/x"}}}, plan.Part{Exclude: []string{"**/x", "node_modules"}}},
		{"left out below a path", []plan.Copy{{Path: "/a", Exclude: []string{"b"}}, {Path: "/c"}}, plan.Part{Paths: []string{"a", "c"}, Exclude: []string{"a/b"}}},
		{"left out once and used once", []plan.Copy{{Path: "/", Exclude: []string{"a", "b"}}, {Path: "/a/x"}}, plan.Part{Exclude: []string{"b"}}},
		{"left out once and perhaps used once", []plan.Copy{{Path: "/", Exclude: []string{"**/x"}}, {Path: "/a"}}, plan.Part{}},
		{"left out twice", []plan.Copy{{Path: "/", Exclude: []string{"a", "b"}}, {Path: "/", Exclude: []string{"a"}}}, plan.Part{Exclude: []string{"a"}}},
		{"left out but for an exception", []plan.Copy{{Path: "/", Exclude: []string{"a", "!a/b"}}}, plan.Part{}},
	} {
		var mounts []plan.Mount
		for _, one := range c.copies {
			one.From.Kind = plan.Main
			mounts = append(mounts, plan.Mount{Copy: one})
		}
		e := &plan.Exec{From: plan.Tree{Kind: plan.Scratch}, Mounts: mounts}
		img := &plan.Image{From: plan.Tree{Kind: plan.Scratch}, Layers: []plan.Layer{{Action: e}}}
		if diff := cmp.Diff(c.want, plan.ContextParts(&plan.Plan{Images: []*plan.Image{img}})[""]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
