// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/llb/spec"
)

// compiled writes stages that only compile as build layers with outputs, where the files
// are that are copied from them.
func (c *converter) compiled() {
	for i, s := range c.stages[:len(c.stages)-1] {
		if c.ships(s) {
			continue
		}
		c.forward(s)
		to, from, until, ok := c.onlyUser(s)
		if !ok {
			continue
		}
		p := s.peel()
		if p == nil {
			continue
		}
		outputs, ok := to.outputs(p.build, from, until)
		if !ok {
			continue
		}
		p.build.Outputs = outputs
		c.fold(i, p, to, from, until)
	}
}

// place is an entry of files.
type place struct{ layer, entry int }

// onlyUser is the stage that copies from another one, if nothing else refers to that, and
// the entries that do so, which stand side by side.
func (c *converter) onlyUser(s *stage) (by *stage, from, until place, ok bool) {
	uses := c.usesOf(s)
	for n, u := range uses {
		if u.entry < 0 || u.by != uses[0].by || u.layer != uses[0].layer || u.entry != uses[0].entry+n {
			return nil, from, until, false
		}
	}
	if len(uses) == 0 {
		return nil, from, until, false
	}
	first := uses[0]
	return first.by, place{first.layer, first.entry}, place{first.layer, first.entry + len(uses)}, true
}

// outputs are entries that copy from a stage, as what its command ships; not ok where
// the files would not be the same.
func (s *stage) outputs(b *draft.Build, from, until place) ([]draft.Output, bool) {
	var out []draft.Output
	for _, e := range s.out.Layers[from.layer].Files[from.entry:until.entry] {
		if e.Optional || e.Extract || len(e.Sources) == 0 || e.Platform != "" || e.Mode != "" && !strings.HasPrefix(e.Mode, "0") || !s.waitsForNothing(from.layer, e.Dest) {
			return nil, false
		}
		for _, p := range e.Sources {
			o := draft.Output{Source: path.Join("/", p), Dest: e.Dest, Owner: e.Owner, Mode: e.Mode, Include: e.Include, Exclude: e.Exclude}
			if o.Source == "/" || slices.ContainsFunc(b.Mounts, func(m draft.Mount) bool { return within(o.Source, m.Target) }) ||
				slices.ContainsFunc(b.Cache, func(c draft.Cache) bool { return strings.Contains(c.Target, "/") && within(o.Source, c.Target) }) ||
				slices.ContainsFunc(b.Tmpfs, func(t draft.Tmpfs) bool { return within(o.Source, t.Target) }) {
				return nil, false
			}
			if o.Dest == o.Source && !spec.HasGlob(o.Source) {
				o.Dest = ""
			}
			out = append(out, o)
		}
	}
	return out, true
}

func within(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// waitsForNothing reports whether what goes to a path needs no look at what the layers
// before a place made: outputs don't wait for what commands and packages left.
func (s *stage) waitsForNothing(layer int, dest string) bool {
	commands := slices.ContainsFunc(s.out.Layers[:layer], func(l draft.Layer) bool { return l.Build != nil && l.Build.From == "" })
	if packages := slices.ContainsFunc(s.out.Layers[:layer], func(l draft.Layer) bool { return l.Packages != nil }); !commands && !packages {
		return true
	}
	dir := path.Dir(path.Clean(dest))
	if strings.HasSuffix(dest, "/") {
		dir = path.Clean(dest)
	}
	if !commands && !isStandard(dir) {
		return true
	}
	if !fhs.Basic()[dir] && dir != "/" {
		return false
	}
	return !slices.ContainsFunc(s.out.Layers[:layer], func(l draft.Layer) bool {
		return l.Build != nil && strings.Contains(scriptOf(l.Build), strings.TrimSuffix(dest, "/"))
	})
}

// isStandard reports whether a directory is, or is in, one of those that distributions have:
// packages have nothing in others.
func isStandard(dir string) bool {
	top, _, _ := strings.Cut(strings.TrimPrefix(dir, "/"), "/")
	return top == "" || !spec.Literal(top) || fhs.Standard()["/"+top]
}

// fold puts a stage's last command where its files are copied. What is left of the stage
// is what the command runs in.
func (c *converter) fold(i int, p *peeled, to *stage, from, until place) {
	s := c.stages[i]
	b := p.build
	b.Platform = s.out.Platform
	line := startLine(s.parsed.Location)
	s.out.Layers = p.left
	if len(s.out.Layers)+len(s.out.Users)+len(s.out.Groups) == 0 {
		b.From, s.folded = s.out.From, true
		c.note(line, Changed, "the stage %s only compiles: it is a build layer, which ships nothing but its outputs; there is no --target %s", s.title(), s.title())
	} else {
		b.From = "target:" + s.out.Name
		s.out.Config = draft.Config{}
		s.env = nil
		c.note(line, Changed, "what the stage %s does last is a build layer, which ships nothing but its outputs; the target %s is what it runs in", s.title(), s.out.Name)
	}
	files := to.out.Layers[from.layer].Files
	comments := p.comments
	if s.folded {
		comments = append(slices.Clone(s.out.Comments), append(s.pending, comments...)...)
		s.out.Comments = nil
	}
	for _, e := range files[from.entry:until.entry] {
		comments = append(comments, e.Comments...)
	}
	layers := slices.Clone(to.out.Layers[:from.layer])
	if before := files[:from.entry]; len(before) > 0 {
		layers = append(layers, draft.Layer{Files: slices.Clone(before)})
	}
	layers = append(layers, draft.Layer{Comments: comments, Build: b})
	if after := files[until.entry:]; len(after) > 0 {
		layers = append(layers, draft.Layer{Files: slices.Clone(after)})
	}
	to.out.Layers = append(layers, to.out.Layers[from.layer+1:]...)
	to.lineOf[b] = line
}

// title is how the Dockerfile names a stage.
func (s *stage) title() string {
	if s.parsed.Name != "" {
		return s.parsed.Name
	}
	return s.out.Name
}
