// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"slices"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// packages is the strategy that installs packages.
type packages struct{}

var _ Strategy = packages{}

// packageSet is what all packages layers of a target ask for, and what that was
// resolved to. One image is resolved once.
type packageSet struct {
	entries []packageEntry
	locked  *lock.Packages
	// uris are the addresses of the repositories, by their ids.
	uris map[string][]string
	// planned are the layers of each entry.
	planned [][]plan.Layer
}

// packageEntry is one packages layer.
type packageEntry struct {
	layer *spec.Layer
	// names are as the build file has them, expanded.
	names []spec.String
	// installs says that the packages must be installed before the next entry.
	installs bool
}

// Plan makes the layers of one entry; the first one resolves all.
func (packages) Plan(ctx context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error) {
	if t.packages == nil {
		set, err := t.packageSet(ctx)
		if err != nil {
			return nil, err
		}
		t.packages = set
	}
	i := slices.IndexFunc(t.packages.entries, func(e packageEntry) bool { return e.layer == l })
	return t.packages.planned[i], nil
}

// packageSet resolves the packages of the target, or takes them from the lock.
func (t *Target) packageSet(ctx context.Context) (*packageSet, error) {
	set := &packageSet{}
	for i := range t.spec.Layers {
		l := &t.spec.Layers[i]
		if l.Packages == nil {
			continue
		}
		e := packageEntry{layer: l, installs: t.mustInstall(i)}
		for _, name := range l.Packages.Names {
			value, err := t.expand(name)
			if err != nil {
				return nil, err
			}
			e.names = append(e.names, spec.String{Value: value, Pos: name.Pos})
		}
		set.entries = append(set.entries, e)
	}
	if err := t.lockedOrResolved(ctx, set); err != nil {
		return nil, err
	}
	if set.planned != nil {
		return set, nil
	}
	return set, t.planPackages(ctx, set)
}

// mustInstall reports whether the packages of the layer with that index must be
// installed before the next ones are unpacked: a command runs in the image in
// between. The last ones are always installed.
func (t *Target) mustInstall(index int) bool {
	for _, l := range t.spec.Layers[index+1:] {
		if l.Packages != nil {
			return false
		}
		if l.Strategy().RunsInImage() {
			return true
		}
	}
	return true
}

// wanted are the names of each entry, sorted.
func (s *packageSet) wanted() [][]string {
	out := make([][]string, len(s.entries))
	for i, e := range s.entries {
		for _, n := range e.names {
			out[i] = append(out[i], n.Value)
		}
		slices.Sort(out[i])
		out[i] = slices.Compact(out[i])
	}
	return out
}

// recommends tells whether an entry asks for recommended packages. Packages are
// resolved together, so that one is enough.
func (s *packageSet) recommends() bool {
	return slices.ContainsFunc(s.entries, func(e packageEntry) bool { return e.layer.Packages.Recommends })
}

// pos is where the build file names a package; where it asks for packages at all
// when it doesn't name that one.
func (s *packageSet) pos(name string) spec.Pos {
	for _, e := range s.entries {
		for _, n := range e.names {
			if n.Value == name {
				return n.Pos
			}
		}
	}
	return s.entries[0].layer.Packages.Range.Start
}
