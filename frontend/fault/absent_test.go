// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
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
