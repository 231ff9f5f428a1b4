// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"errors"
	"testing"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// names is a world in which nothing but names is known.
type names struct {
	World
	list Lister
}

func (n names) List(context.Context, plan.Tree, bool) Lister { return n.list }

// TestAbsent says what isn't there, unless it need not be.
func TestAbsent(t *testing.T) {
	e := Explainer{Spec: &spec.Spec{}, World: names{list: listed(map[string]string{"d/a.txt": "", "d/b.md": "none"})}}
	for _, c := range []struct {
		of     plan.Copy
		absent bool
	}{
		{plan.Copy{Path: "/d/a.txt"}, false},
		{plan.Copy{Path: "/d/c.txt"}, true},
		{plan.Copy{Path: "/d/*.txt"}, false},
		{plan.Copy{Path: "/d/*.html"}, true},
		{plan.Copy{Path: "/d/*.html", Optional: true}, false},
		{plan.Copy{Path: "/none/*.html", Optional: true}, false},
		{plan.Copy{Path: "/d/*.md", Optional: true}, true}, // a link to nothing
		{plan.Copy{Path: "/d/c.txt", Optional: true}, true},
	} {
		if err := e.Absent(t.Context(), c.of); (err != nil) != c.absent {
			t.Errorf("%+v: %v", c.of, err)
		}
	}
}

// TestFindCopy finds what BuildKit's error is about among several patterns.
func TestFindCopy(t *testing.T) {
	var entries []plan.Entry
	for i, p := range []string{"/a/*.x", "/none/*.x", `/app/\[id\]/*.x`, `/gone/\[id\]/*.x`, "/plain"} {
		entries = append(entries, plan.Entry{Copy: &plan.Copy{Path: p, Pos: spec.Pos{Line: i + 1}}})
	}
	p := &plan.Plan{Images: []*plan.Image{{Layers: []plan.Layer{{Action: &plan.Files{Entries: entries}}}}}}
	for text, want := range map[string]string{
		"failed to solve: /a/*.x not found":                                 "/a/*.x",
		"failed to solve: lstat /none: no such file or directory":           "/none/*.x",
		"failed to solve: /app/[[]id]/*.x not found":                        `/app/\[id\]/*.x`,
		"failed to solve: lstat /gone: no such file or directory":           `/gone/\[id\]/*.x`,
		`failed to calculate checksum of ref a::b: "/plain": not found`:     "/plain",
		"failed to solve: lstat /something/else: no such file or directory": "",
	} {
		if c, ok := findCopy(p, errors.New(text), nil); c.Path != want || ok != (want != "") {
			t.Errorf("%s: got %q, want %q", text, c.Path, want)
		}
	}
}
