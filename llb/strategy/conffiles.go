// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// keepsConffiles reports whether an entry keeps files that are there over packages'
// configuration files. Packages are installed together, so that one is enough.
func (s *packageRequest) keepsConffiles() bool {
	return slices.ContainsFunc(s.entries, func(e packageEntry) bool { return e.layer.Packages.Conffiles.IsSet() })
}

// conffiles looks for configuration files of an entry's packages that files layers
// before it make, too. They are returned as entries to put over the packages if they
// are to be kept; otherwise the package's wins, which is worth a warning.
func (s *packageSet) conffiles(ctx context.Context, entry int) ([]plan.Entry, error) {
	owners := map[string]bool{}
	for _, p := range s.locked.Packages {
		owners[p.Name] = owners[p.Name] || p.Layer == entry
	}
	var kept []plan.Entry
	for _, conffile := range slices.Sorted(maps.Keys(s.locked.Conffiles)) {
		owner := s.locked.Conffiles[conffile]
		if !owners[owner] {
			continue
		}
		f, e, err := s.earlier(ctx, entry, conffile)
		switch {
		case err != nil:
			return nil, err
		case f == nil:
		case s.asked.keepsConffiles():
			kept = append(kept, *e)
		default:
			s.t.pass.req.Warn(s.t.read.errorf(f.Dest.Pos, "the package %s has %s as well and comes later, so that its file wins; "+
				"put this layer after the packages, or write `conffiles: keep` in theirs to keep this file", owner, conffile))
		}
	}
	return kept, nil
}

// earlier finds the last file of the files layers before a packages layer that becomes
// a path, and makes it an entry of that very path; nil when there is none.
func (s *packageSet) earlier(ctx context.Context, entry int, at string) (f *spec.File, e *plan.Entry, err error) {
	for i := range s.t.described.Layers {
		l := &s.t.described.Layers[i]
		if l == s.asked.entries[entry].layer {
			break
		}
		if l.Files == nil {
			continue
		}
		for n := range l.Files.Entries {
			file := &l.Files.Entries[n]
			if !mayMake(s.t.read, file, at) {
				continue
			}
			found, err := planEntry(ctx, s.t, file)
			if err != nil {
				return nil, nil, err
			}
			if makes(ctx, s.t, &found, at) {
				f, e = file, &found
			}
		}
	}
	return f, e, nil
}

// mayMake reports whether a file goes to a path, or to a directory above it.
func mayMake(r reader, f *spec.File, at string) bool {
	dest, _, err := r.dest(f.Dest)
	if err != nil || f.Directory || f.Extract || f.Git.IsSet() {
		return false // its own layer says what is wrong
	}
	return dest == at || (f.Source.IsSet() || f.URL.IsSet()) && strings.HasPrefix(at, strings.TrimSuffix(dest, "/")+"/")
}

// makes reports whether an entry makes a path, and makes it an entry for that alone. A
// tree that is copied is looked into.
func makes(ctx context.Context, t *Target, e *plan.Entry, at string) bool {
	switch {
	case e.Dest == at && !e.Into && e.Copy == nil:
		return true
	case e.HTTP != nil && e.Into && path.Join(e.Dest, path.Base(e.HTTP.URL)) == at:
		e.Dest, e.Into = at, false
		return true
	case e.Copy == nil || len(e.Copy.Include)+len(e.Copy.Exclude) > 0 || t.pass.req.Looker == nil:
		return false
	}
	for _, source := range sourcesOf(e, at) {
		in, err := t.pass.req.Looker.Look(ctx, t.pass.plan, e.Copy.From, []string{strings.TrimPrefix(source, "/")})
		if err != nil {
			continue // its own layer says what is wrong
		}
		if _, err := in.ReadFile(ctx, source); err == nil {
			e.Dest, e.Into, e.Copy.Path = at, false, source
			return true
		}
	}
	return false
}

// sourcesOf are the files of a copied tree that would become a path.
func sourcesOf(e *plan.Entry, at string) []string {
	if e.Dest == at && !e.Into {
		return []string{e.Copy.Path}
	}
	var out []string
	if ok, err := path.Match(path.Base(e.Copy.Path), path.Base(at)); err == nil && ok && e.Into && path.Dir(at) == e.Dest {
		out = append(out, path.Join(path.Dir(e.Copy.Path), path.Base(at)))
	}
	if rest, ok := strings.CutPrefix(at, strings.TrimSuffix(e.Dest, "/")+"/"); ok && !spec.HasGlob(e.Copy.Path) {
		out = append(out, path.Join(e.Copy.Path, rest))
	}
	return out
}

// keptLayer puts files over the packages that have them as well.
func keptLayer(l *spec.Layer, entries []plan.Entry) plan.Layer {
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Dest)
	}
	return plan.Layer{
		Name: l.Name, Strategy: "packages", Words: "packages: keep " + few(names), Range: l.Range, Action: &plan.Files{Entries: entries},
	}
}
