// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// listFiles makes one entry of those that stand side by side and put paths under their own
// names into one directory, as a list of sources does.
func (s *stage) listFiles() {
	for i := range s.out.Layers {
		var out []draft.Entry
		for _, e := range s.out.Layers[i].Files {
			if n := len(out); n > 0 && s.continues(&out[n-1], &e) {
				out[n-1].Dest = strings.TrimSuffix(s.intoByName(&e), "/") + "/"
				out[n-1].Sources = append(slices.Clone(out[n-1].Sources), e.Sources...)
				continue
			}
			out = append(out, e)
		}
		s.out.Layers[i].Files = out
	}
}

// continues reports whether an entry can be in the list of the one before it.
func (s *stage) continues(before, e *draft.Entry) bool {
	dir := s.intoByName(e)
	return dir != "" && dir == s.intoByName(before) && len(e.Comments) == 0 &&
		before.From == e.From && before.Mode == e.Mode && before.Owner == e.Owner && before.Platform == e.Platform
}

// intoByName is the directory in which the sources of an entry have their own names; empty
// where they may have others.
func (s *stage) intoByName(e *draft.Entry) string {
	if len(e.Sources) == 0 || e.Optional || e.Extract || e.Changed || len(e.Include)+len(e.Exclude) > 0 || !spec.Literal(e.Dest) {
		return ""
	}
	dest, from := path.Clean(e.Dest), e.Sources[0]
	into := strings.HasSuffix(e.Dest, "/")
	switch {
	case len(e.Sources) > 1:
		return dest
	case !spec.Literal(from), spec.HasGlob(from), path.Base(from) == ".":
		return ""
	case into && s.surelyFile(e, from):
		return dest
	case !into && path.Base(dest) == path.Base(from):
		return path.Dir(dest)
	}
	return ""
}
