// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// made are the entries of files that do what a script does, if it only makes directories
// and links as root; nil for any other.
func (s *stage) made(b *draft.Build) []draft.Entry {
	if s.user != "" && !isRoot(s.user) || b.Run == "" || b.Shell != nil || len(b.Mounts)+len(b.Cache)+len(b.Tmpfs) > 0 {
		return nil
	}
	all := s.steps(b)
	var out []draft.Entry
	for _, st := range all {
		w, ok := words(st.stmt, s.known(all))
		if !ok {
			return nil
		}
		var entries []draft.Entry
		if w[0] == "mkdir" {
			entries = s.directories(w[1:])
		}
		if entries == nil {
			return nil
		}
		out = append(out, entries...)
	}
	return out
}

// directories are what mkdir makes. Without -p it fails for one that is there, so that is
// asked for.
func (s *stage) directories(args []string) []draft.Entry {
	parents := false
	var out []draft.Entry
	for _, a := range args {
		switch {
		case a == "-p" || a == "--parents" || a == "-pv":
			parents = true
		case strings.HasPrefix(a, "-") || strings.ContainsAny(a, "*?[{") && spec.Literal(a) || strings.Contains(a, "${"):
			return nil
		default:
			if !path.IsAbs(a) && s.workdir == "" {
				return nil
			}
			dest := path.Join("/", a)
			if !path.IsAbs(a) {
				dest = path.Join(s.workdir, a)
			}
			if dest == "/" {
				return nil
			}
			out = append(out, draft.Entry{Dest: dest, Directory: true})
			s.dirs[dest] = true
		}
	}
	if !parents {
		return nil
	}
	return out
}
