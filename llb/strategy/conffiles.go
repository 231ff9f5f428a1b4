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

// conffiles are those configuration files of an entry's packages that layers before it
// make, or may make. They are kept if an entry says so. Otherwise the packages' win, which
// is worth a warning: of what is known now it is given, and what has yet to be looked for
// is hidden.
func (s *packageSet) conffiles(ctx context.Context, entry int) (kept []string, hidden map[string]string, err error) {
	owned := conffilesOf(s.locked, entry)
	if len(owned) == 0 || s.t.pass.req.AllowMissing {
		return nil, nil, nil
	}
	made, opaque, err := earlier(ctx, s.t, s.asked.entries[entry].layer, owned)
	if err != nil {
		return nil, nil, err
	}
	hidden = map[string]string{}
	for _, at := range owned {
		file, ok := made[at]
		switch {
		case !ok && !opaque:
		case s.asked.keepsConffiles():
			kept = append(kept, at)
		case !ok:
			hidden[at] = s.locked.Conffiles[at]
		default:
			s.t.pass.req.Warn(s.t.read.errorf(file.Dest.Pos, plan.HidesFile, s.locked.Conffiles[at], at))
		}
	}
	return kept, hidden, nil
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

// earlier finds, for each path, the last file of the files layers before a packages
// layer that becomes it. What was there when a command ran in the image isn't among them:
// the packages' own tool finds it. Layers are opaque if what they make is known only once
// they are made.
func earlier(ctx context.Context, t *Target, before *spec.Layer, paths []string) (made map[string]*spec.File, opaque bool, err error) {
	made = map[string]*spec.File{}
	for i := range t.described.Layers {
		l := &t.described.Layers[i]
		switch {
		case l == before:
			return made, opaque, nil
		case l.Strategy().RunsInImage():
			made, opaque = map[string]*spec.File{}, false
		case l.Files != nil:
			dark, err := filesOf(ctx, t, l.Files, paths, made)
			if err != nil {
				return nil, false, err
			}
			opaque = opaque || dark
		default:
			opaque = opaque || !l.Strategy().IsLocked()
		}
	}
	return made, opaque, nil
}

// filesOf notes the files of a layer that become paths.
func filesOf(ctx context.Context, t *Target, l *spec.Files, paths []string, made map[string]*spec.File) (opaque bool, err error) {
	for n := range l.Entries {
		file := &l.Entries[n]
		may := slices.DeleteFunc(slices.Clone(paths), func(at string) bool { return !mayMake(t.read, file, at) })
		if len(may) == 0 {
			continue
		}
		found, err := planEntries(ctx, t, file)
		if err != nil {
			return false, err
		}
		for i := range found {
			opaque = opaque || found[i].IsOpaque()
			for _, at := range makes(ctx, t, &found[i], may) {
				made[at] = file
			}
		}
	}
	return opaque, nil
}

// mayMake reports whether a file goes to a path, or to a directory above it.
func mayMake(r reader, f *spec.File, at string) bool {
	dest, _, err := r.dest(f.Dest)
	if err != nil || f.Directory {
		return false // its own layer says what is wrong
	}
	return dest == at || (f.HasSource() || f.URL.IsSet() || f.Git.IsSet()) && strings.HasPrefix(at, strings.TrimSuffix(dest, "/")+"/")
}

// makes are those of the paths that an entry makes. A tree that is copied is looked into
// once for all. Of an entry that is opaque nothing is known.
func makes(ctx context.Context, t *Target, e *plan.Entry, paths []string) []string {
	var out []string
	switch {
	case e.IsOpaque():
		return nil
	case e.Copy == nil:
		for _, at := range paths {
			if e.Destination() == at {
				out = append(out, at)
			}
		}
		return out
	case t.pass.req.Looker == nil:
		return nil
	}
	var patterns []string
	for _, at := range paths {
		for _, source := range sourcesOf(e, at) {
			patterns = append(patterns, strings.TrimPrefix(source, "/"))
		}
	}
	in, err := t.pass.req.Looker.Look(ctx, t.pass.plan, e.Copy.From, patterns)
	if err != nil {
		return nil // its own layer says what is wrong
	}
	for _, at := range paths {
		if slices.ContainsFunc(sourcesOf(e, at), func(source string) bool {
			_, err := in.ReadFile(ctx, source)
			return err == nil
		}) {
			out = append(out, at)
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
func keptLayer(l *spec.Layer, paths []string) plan.Layer {
	return plan.Layer{
		Name: l.Name, Strategy: "packages", Words: "packages: keep " + plan.Few(paths), Range: l.Range, Action: &plan.Keep{Paths: paths},
	}
}
