// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"slices"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// forward takes what a stage copies after its last command, and others copy on, from where
// it comes: no command of the stage sees it.
func (c *converter) forward(s *stage) {
	n := len(s.out.Layers)
	uses := c.usesOf(s)
	if n == 0 || s.out.Layers[n-1].Files == nil || slices.ContainsFunc(uses, func(u use) bool { return u.entry < 0 }) {
		return
	}
	last := slices.Clone(s.out.Layers[n-1].Files)
	for _, u := range uses {
		e := &u.by.out.Layers[u.layer].Files[u.entry]
		at := slices.IndexFunc(last, func(f draft.Entry) bool { return passes(&f, e) })
		if at < 0 {
			continue
		}
		f := &last[at]
		e.From, e.Sources, e.Include, e.Exclude = f.From, f.Sources, f.Include, f.Exclude
		if e.Owner == spec.KeepOwner && f.Owner != spec.KeepOwner {
			e.Owner = ""
		}
	}
	copied := c.copiedFrom(s)
	s.out.Layers[n-1].Files = slices.DeleteFunc(last, func(f draft.Entry) bool {
		return spec.Literal(f.Dest) && !slices.ContainsFunc(copied, func(p string) bool { return mayMeet(p, path.Clean(f.Dest)) })
	})
	if len(s.out.Layers[n-1].Files) == 0 {
		s.out.Layers = s.out.Layers[:n-1]
	}
}

// passes reports whether an entry of another stage copies just what an entry has copied.
func passes(f, e *draft.Entry) bool {
	return isOneCopy(f) && isOneCopy(e) && len(e.Include)+len(e.Exclude) == 0 && path.Join("/", e.Sources[0]) == f.Dest
}

// isOneCopy reports whether an entry copies a single path, under a name that it says, and
// nothing about it is changed.
func isOneCopy(e *draft.Entry) bool {
	return len(e.Sources) == 1 && spec.Literal(e.Dest) && spec.Literal(e.Sources[0]) && !spec.HasGlob(e.Sources[0]) && path.Clean(e.Dest) == e.Dest &&
		e.Mode == "" && (e.Owner == "" || e.Owner == spec.KeepOwner) && !e.Extract && !e.Changed && !e.Optional && e.Platform == ""
}

// mayMeet reports whether a path that is copied, or a pattern of such, may have to do with
// another one.
func mayMeet(p, other string) bool {
	for spec.HasGlob(p) {
		p = path.Dir(p)
	}
	return !spec.Literal(p) || within(p, other) || within(other, p)
}
