// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
)

// layerBuild is a command in place, the layer that it is, and the Dockerfile's line.
type layerBuild struct {
	layer int
	build *draft.Build
	line  int
}

// inPlace are a stage's commands.
func (s *stage) inPlace() []layerBuild {
	var out []layerBuild
	for i := range s.out.Layers {
		if b := s.out.Layers[i].Build; b != nil && b.From == "" {
			out = append(out, layerBuild{i, b, s.lineOf[b]})
		}
	}
	return out
}

// use is a place that refers to a stage.
type use struct {
	by *stage
	// layer and entry are the place of an entry of files; entry is -1 for anything else.
	layer, entry int
}

// isBase reports whether the place is the base of a stage.
func (u use) isBase() bool { return u.layer < 0 }

// usesOf are the places that refer to a stage.
func (c *converter) usesOf(s *stage) []use {
	ref := "target:" + s.out.Name
	var out []use
	for _, by := range c.stages {
		if by.out.From == ref || slices.Contains(by.bases, s) {
			out = append(out, use{by, -1, -1})
		}
		for i := range by.out.Layers {
			l := &by.out.Layers[i]
			for n := range l.Files {
				if l.Files[n].From == ref {
					out = append(out, use{by, i, n})
				}
			}
			if l.Build != nil && l.Build.RefersTo(ref) {
				out = append(out, use{by, i, -1})
			}
		}
	}
	return out
}

// ships reports whether what a stage has may be in an image that is run: it is the
// last one, or one that nothing refers to and that says what runs, or is below such a one.
func (c *converter) ships(s *stage) bool {
	if s == c.stages[len(c.stages)-1] || strings.Contains(s.out.From, "$") {
		return true
	}
	uses := c.usesOf(s)
	if len(uses) == 0 {
		return s.out.Config.Cmd != nil || s.out.Config.Entrypoint != nil || !slices.ContainsFunc(s.out.Layers, func(l draft.Layer) bool { return l.Build != nil })
	}
	return slices.ContainsFunc(uses, func(u use) bool { return u.isBase() && c.ships(u.by) })
}

// copiedFrom are the paths that are taken of a stage, and of those that are made from it.
func (c *converter) copiedFrom(s *stage) []string {
	var out []string
	for _, u := range c.usesOf(s) {
		switch {
		case u.isBase():
			out = append(out, c.copiedFrom(u.by)...)
		case u.entry < 0:
			out = append(out, "/") // a mount
		default:
			for _, p := range u.by.out.Layers[u.layer].Files[u.entry].Sources {
				out = append(out, path.Join("/", p))
			}
		}
	}
	return out
}
