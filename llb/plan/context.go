// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
)

// ContextPaths returns what a plan uses of each context, by the context's name;
// the build context's name is empty. A context that is used whole has no paths.
func ContextPaths(p *Plan) map[string][]string {
	paths := map[string]map[string]bool{}
	whole := map[string]bool{}
	use := func(t Tree, path string) {
		if t.Kind != Main && t.Kind != Context && t.Kind != Registry {
			return
		}
		path = strings.Trim(path, "/")
		whole[t.Name] = whole[t.Name] || path == ""
		if paths[t.Name] == nil {
			paths[t.Name] = map[string]bool{}
		}
		paths[t.Name][path] = true
	}
	for _, img := range p.Images {
		use(img.From, "")
		for _, l := range img.Layers {
			for _, c := range Copies(l.Action) {
				use(c.From, c.Path)
			}
		}
	}
	out := map[string][]string{}
	for name, set := range paths {
		if whole[name] {
			continue
		}
		for path := range set {
			out[name] = append(out[name], path)
		}
		slices.Sort(out[name])
	}
	return out
}

// UsesContext tells whether anything of the build context is used.
func (p *Plan) UsesContext() bool {
	for _, img := range p.Images {
		for _, l := range img.Layers {
			if slices.ContainsFunc(Copies(l.Action), func(c Copy) bool { return c.From.Kind == Main }) {
				return true
			}
		}
	}
	return false
}

// Copies are the parts of trees that an action reads.
func Copies(a Action) []Copy {
	var out []Copy
	switch a := a.(type) {
	case *Files:
		for _, e := range a.Entries {
			if e.Copy != nil {
				out = append(out, *e.Copy)
			}
		}
	case *Store:
		out = a.copies()
	case *Exec:
		out = append(out, Copy{From: a.From})
		if a.Source != nil {
			out = append(out, *a.Source)
		}
		for _, m := range a.Mounts {
			out = append(out, m.Copy)
		}
	}
	return out
}
