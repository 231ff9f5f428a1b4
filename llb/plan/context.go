// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "slices"

// ContextParts returns what a plan uses of each context, by the context's name; the build
// context's name is empty.
func ContextParts(p *Plan) map[string]Part { return contextParts(p, []string{""}) }

// LookParts is ContextParts for a plan whose images are only looked into for some
// paths, and for what their layers are put on. Commands need their bases whole.
func LookParts(p *Plan, paths []string) map[string]Part {
	base := slices.Clone(paths)
	for _, img := range p.Images {
		for _, l := range img.Layers {
			files, ok := l.Action.(*Files)
			if !ok {
				return ContextParts(p)
			}
			for _, e := range files.Entries {
				base = append(base, e.Dest)
				if e.Owner != nil {
					base = append(base, "etc/passwd", "etc/group")
				}
			}
		}
	}
	return contextParts(p, slices.DeleteFunc(base, func(p string) bool { return p == "/" }))
}

// Stands returns the names of the trees that a plan's images stand on, if nothing but files
// layers is put on these: nothing runs in them then. Trees that something is copied from
// aren't among them.
func Stands(p *Plan) []string {
	var names, copied []string
	for _, img := range p.Images {
		for _, l := range img.Layers {
			if _, ok := l.Action.(*Files); !ok {
				return nil
			}
			for _, c := range l.Action.Copies() {
				copied = append(copied, c.From.Name)
			}
		}
		if img.From.Kind == Context || img.From.Kind == Registry {
			names = append(names, img.From.Name)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(copied, name) })
}

// contextParts is ContextParts with what is used of bases.
func contextParts(p *Plan, base []string) map[string]Part {
	used := map[string][]Copy{}
	use := func(c Copy) {
		if c.From.Kind == Main || c.From.Kind == Context || c.From.Kind == Registry {
			used[c.From.Name] = append(used[c.From.Name], c)
		}
	}
	for _, img := range p.Images {
		for _, path := range base {
			use(Copy{From: img.From, Path: path})
		}
		for _, l := range img.Layers {
			for _, c := range l.Action.Copies() {
				use(c)
			}
		}
	}
	out := map[string]Part{}
	for name, copies := range used {
		if part := partOf(copies); !part.isWhole() {
			out[name] = part
		}
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

// NeedsHelper reports whether the step helper is sure to make a layer. It may have to put
// files in place besides, which is known when the graph is made.
func (p *Plan) NeedsHelper() bool {
	return slices.ContainsFunc(p.Images, func(img *Image) bool {
		return slices.ContainsFunc(img.Layers, func(l Layer) bool {
			_, files := l.Action.(*Files)
			return l.Action.Merges() && !files
		})
	})
}
