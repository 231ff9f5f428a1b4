// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
)

// ContextPaths returns patterns of what a plan uses of each context, by the context's name;
// the build context's name is empty. A context that is used whole has no paths.
func ContextPaths(p *Plan) map[string][]string { return contextPaths(p, []string{""}) }

// LookPaths is ContextPaths for a plan whose images are only looked into for some
// paths, and for what their layers are put on. Commands need their bases whole.
func LookPaths(p *Plan, paths []string) map[string][]string {
	base := slices.Clone(paths)
	for _, img := range p.Images {
		for _, l := range img.Layers {
			files, ok := l.Action.(*Files)
			if !ok {
				return ContextPaths(p)
			}
			for _, e := range files.Entries {
				base = append(base, e.Dest)
				if e.Owner != nil {
					base = append(base, "etc/passwd", "etc/group")
				}
			}
		}
	}
	return contextPaths(p, slices.DeleteFunc(base, func(p string) bool { return p == "/" }))
}

// contextPaths is ContextPaths with what is used of bases.
func contextPaths(p *Plan, base []string) map[string][]string {
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
		for _, path := range base {
			use(img.From, path)
		}
		for _, l := range img.Layers {
			for _, c := range l.Action.Copies() {
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
			out[name] = append(out[name], Sent(path)...)
		}
		slices.Sort(out[name])
	}
	return out
}

// UsesContext reports whether anything of the build context is used.
func (p *Plan) UsesContext() bool {
	for _, img := range p.Images {
		for _, l := range img.Layers {
			if slices.ContainsFunc(l.Action.Copies(), func(c Copy) bool { return c.From.Kind == Main }) {
				return true
			}
		}
	}
	return false
}
