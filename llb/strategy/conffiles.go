// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// keepsConffiles reports whether an entry keeps files that are there over packages'
// configuration files. Packages are installed together, so that one is enough.
func (s *packageRequest) keepsConffiles() bool {
	return slices.ContainsFunc(s.entries, func(e packageEntry) bool { return e.keepsConffiles })
}

// conffiles looks for configuration files of an entry's packages that files layers
// before it make, too. They are returned as entries to put over the packages if they
// are to be kept; otherwise the package's wins, which is worth a warning.
func (s *packageSet) conffiles(ctx context.Context, entry int) ([]plan.Entry, error) {
	owned := conffilesOf(s.locked, entry)
	if len(owned) == 0 || s.t.pass.req.AllowMissing {
		return nil, nil
	}
	made, err := earlier(ctx, s.t, s.asked.entries[entry].layer, owned)
	if err != nil {
		return nil, err
	}
	var kept []plan.Entry
	for _, at := range owned {
		one, ok := made[at]
		switch {
		case !ok:
		case s.asked.keepsConffiles():
			kept = append(kept, one.entry)
		default:
			s.t.pass.req.Warn(s.t.read.errorf(one.file.Dest.Pos, "the package %s has %s as well and comes later, so that its file wins; "+
				"put this layer after the packages, or write `conffiles: keep` in theirs to keep this file", s.locked.Conffiles[at], at))
		}
	}
	return kept, nil
}

// conffilesOf are the configuration files of an entry's packages, sorted.
func conffilesOf(locked *lock.Packages, entry int) []string {
	mine := map[string]bool{}
	for _, p := range locked.Packages {
		mine[p.Name] = mine[p.Name] || p.Layer == entry
	}
	var out []string
	for _, at := range slices.Sorted(maps.Keys(locked.Conffiles)) {
		if mine[locked.Conffiles[at]] {
			out = append(out, at)
		}
	}
	return out
}

// madeFile is a file of the build file that becomes a path, as an entry of that path
// alone.
type madeFile struct {
	file  *spec.File
	entry plan.Entry
}

// earlier finds, for each path, the last file of the files layers before a packages
// layer that becomes it.
func earlier(ctx context.Context, t *Target, before *spec.Layer, paths []string) (map[string]madeFile, error) {
	out := map[string]madeFile{}
	for i := range t.described.Layers {
		l := &t.described.Layers[i]
		if l == before {
			break
		}
		if l.Files == nil {
			continue
		}
		for n := range l.Files.Entries {
			file := &l.Files.Entries[n]
			may := slices.DeleteFunc(slices.Clone(paths), func(at string) bool { return !mayMake(t.read, file, at) })
			if len(may) == 0 {
				continue
			}
			found, err := planEntries(ctx, t, file)
			if err != nil {
				return nil, err
			}
			for _, one := range found {
				for at, e := range makes(ctx, t, one, may) {
					out[at] = madeFile{file, e}
				}
			}
		}
	}
	return out, nil
}

// mayMake reports whether a file goes to a path, or to a directory above it.
func mayMake(r reader, f *spec.File, at string) bool {
	dest, _, err := r.dest(f.Dest)
	if err != nil || f.Directory || f.Extract || f.Git.IsSet() {
		return false // its own layer says what is wrong
	}
	return dest == at || (f.HasSource() || f.URL.IsSet()) && strings.HasPrefix(at, strings.TrimSuffix(dest, "/")+"/")
}

// makes are those of the paths that an entry makes, each with an entry for it alone. A
// tree that is copied is looked into once for all, unless steps would have to run for
// that.
func makes(ctx context.Context, t *Target, e plan.Entry, paths []string) map[string]plan.Entry {
	out := map[string]plan.Entry{}
	if e.Copy == nil {
		for _, at := range paths {
			if e.Destination() == at {
				e.Dest, e.Into = at, false
				out[at] = e
			}
		}
		return out
	}
	if len(e.Copy.Include)+len(e.Copy.Exclude) > 0 || t.pass.req.Looker == nil || e.Copy.From.MustBeBuilt() {
		return out
	}
	var patterns []string
	for _, at := range paths {
		for _, source := range sourcesOf(&e, at) {
			patterns = append(patterns, strings.TrimPrefix(source, "/"))
		}
	}
	in, err := t.pass.req.Looker.Look(ctx, t.pass.plan, e.Copy.From, patterns)
	if err != nil {
		return out // its own layer says what is wrong
	}
	for _, at := range paths {
		for _, source := range sourcesOf(&e, at) {
			if _, err := in.ReadFile(ctx, source); err == nil {
				alone, from := e, *e.Copy
				from.Path = source
				alone.Dest, alone.Into, alone.Copy = at, false, &from
				out[at] = alone
				break
			}
		}
	}
	return out
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
