// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"path"
	"slices"

	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// derivation is the strategy that ships store paths. It reads what is asked for,
// finds the closure, wherever it is, and makes layers of it: each of the three is a
// value that the next one reads and doesn't change.
type derivation struct{}

var _ Strategy = derivation{}

// Plan makes a layer of each group of paths, the roots' last, and then those that
// make them easy to use.
func (derivation) Plan(ctx context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error) {
	d := derived{t: t, described: l.Derivation, layer: l}
	want, err := d.wanted()
	if err != nil {
		return nil, err
	}
	if t.pass.req.AllowMissing {
		return nil, d.check(ctx, want)
	}
	c, err := d.find(ctx, want)
	if err != nil {
		return nil, err
	}
	there, err := t.pass.storeNames(ctx, t.image, c.graph.Store)
	if err != nil {
		return nil, d.t.read.errorf(d.described.Range.Start, "derivation: %w", err)
	}
	return d.layers(c, c.missing(there))
}

// check says what is wrong with a derivation, as far as nothing has to be fetched or built
// for that.
func (d derived) check(ctx context.Context, want wantedPaths) error {
	trusted, err := d.trust()
	switch {
	case err != nil || d.described.Build != nil:
		return err
	case d.described.Store != nil:
		src, err := d.storeSource(ctx)
		if err != nil {
			return err
		}
		return d.absentStore(ctx, src)
	}
	if err := d.complete(trusted); err != nil {
		return err
	}
	_, _, err = d.locked(want.roots, trusted)
	return err
}

// complete says what is missing for a look into binary caches.
func (d derived) complete(trusted trust) error {
	switch {
	case len(trusted.caches) == 0:
		return d.t.read.errorf(d.described.Range.Start, "derivation: it doesn't say where the store path comes from; set substituters, store or build")
	case len(trusted.keys) == 0:
		return d.t.read.errorf(d.described.Range.Start, "derivation: trusted_public_keys is missing; without a key what a cache sends cannot be verified")
	}
	return nil
}

// derived is a derivation of a build file, for the target that it is planned for.
type derived struct {
	t         *Target
	described *spec.Derivation
	layer     *spec.Layer
}

// wantedPaths are the store paths that a derivation asks for.
type wantedPaths struct {
	roots []string
	// asked is where the build file asks for each.
	asked map[string]spec.Pos
}

// closure is what a derivation ships, with where all of it comes from.
type closure struct {
	graph *resolve.Graph
	// caches are the binary caches, and keys the names of those that are trusted.
	caches, keys []string
	// from is where paths without a URL lie, and files are the paths of their archives
	// or trees in it, by store path.
	from  *plan.StoreSource
	files map[string]string
	// content is the directory within each path that ships; empty for all of it.
	content string
	// inStep says that steps fetch archives.
	inStep bool
}

// missing are the paths that aren't among these names.
func (c *closure) missing(there map[string]bool) []*resolve.Info {
	return slices.DeleteFunc(slices.Clone(c.graph.Paths), func(info *resolve.Info) bool { return there[path.Base(info.Path)] })
}

// trust is which binary caches are asked, and whose signatures count.
type trust struct {
	caches []string
	keys   []resolve.Key
}

// names are the keys as they are written.
func (t trust) names() []string {
	names := make([]string, len(t.keys))
	for i, k := range t.keys {
		names[i] = k.String()
	}
	return names
}

// wanted reads the store paths, each a single one.
func (d derived) wanted() (wantedPaths, error) {
	want := wantedPaths{asked: map[string]spec.Pos{}}
	all, err := d.t.read.expandAll(d.described.Paths)
	if err != nil {
		return want, err
	}
	for i, p := range all {
		if _, err := resolve.CheckRoots(append(slices.Clone(want.roots), p)); err != nil {
			return want, d.t.read.errorf(d.described.Paths[i].Pos, "%w", err)
		}
		if _, ok := want.asked[p]; !ok {
			want.roots = append(want.roots, p)
			want.asked[p] = d.described.Paths[i].Pos
		}
	}
	return want, nil
}

// trust reads the binary caches and their keys.
func (d derived) trust() (trust, error) {
	var made trust
	var err error
	if made.caches, err = d.t.read.expandAll(d.described.Substituters); err != nil {
		return made, err
	}
	for i, cache := range made.caches {
		if err := resolve.CheckCache(cache); err != nil {
			return made, d.t.read.errorf(d.described.Substituters[i].Pos, "%w", err)
		}
	}
	texts, err := d.t.read.expandAll(d.described.TrustedPublicKeys)
	if err != nil {
		return made, err
	}
	for i, text := range texts {
		key, err := resolve.ParseKey(text)
		if err != nil {
			return made, d.t.read.errorf(d.described.TrustedPublicKeys[i].Pos, "%w", err)
		}
		made.keys = append(made.keys, key)
	}
	return made, nil
}

// find finds the closure, wherever it is.
func (d derived) find(ctx context.Context, want wantedPaths) (*closure, error) {
	switch {
	case d.described.Build != nil:
		return d.built(ctx)
	case d.described.Store != nil:
		return d.exported(ctx, want)
	default:
		return d.substituted(ctx, want)
	}
}

// substituted finds the closure in binary caches.
func (d derived) substituted(ctx context.Context, want wantedPaths) (*closure, error) {
	trusted, err := d.trust()
	if err != nil {
		return nil, err
	}
	if err := d.complete(trusted); err != nil {
		return nil, err
	}
	if d.t.pass.req.Fetch == nil {
		return nil, d.t.read.errorf(d.described.Range.Start, "derivation: nothing can fetch here")
	}
	graph, err := d.lockedOrLookedUp(ctx, want, trusted)
	if err != nil {
		return nil, err
	}
	c := &closure{graph: graph, caches: trusted.caches, keys: trusted.names()}
	if c.inStep, err = inStep(d.t, d.described.Fetch); err != nil {
		return nil, err
	}
	d.keepLocked(c)
	return c, nil
}

// lockedOrLookedUp takes the closure from the lock, or asks the binary caches.
func (d derived) lockedOrLookedUp(ctx context.Context, want wantedPaths, trusted trust) (*resolve.Graph, error) {
	graph, ok, err := d.locked(want.roots, trusted)
	if ok || err != nil {
		return graph, err
	}
	known, err := d.known(trusted)
	if err != nil {
		return nil, err
	}
	fetcher, err := infoFetcher(ctx, d, want, trusted)
	if err != nil {
		return nil, err
	}
	graph, err = resolve.Closure(ctx, want.roots, resolve.Options{
		Fetcher: fetcher, Caches: trusted.caches, Keys: trusted.keys, Known: known,
	})
	if err != nil {
		return nil, d.fault(want, err)
	}
	return graph, nil
}

// infoFetcher fetches descriptions of store paths. Where steps fetch, one of them fetches all
// but for a lock that is written, which asks what there is now. What a step can't have,
// BuildKit is asked for, which says what is wrong.
func infoFetcher(ctx context.Context, d derived, want wantedPaths, trusted trust) (fetch.Fetcher, error) {
	req := &d.t.pass.req
	byStep, err := inStep(d.t, d.described.Fetch)
	if err != nil || !byStep || req.Stores == nil || req.Lock.Renew {
		return req.Fetch, err
	}
	texts, err := req.Stores.Infos(ctx, StoreInfos{Target: d.t.image.Target, Caches: trusted.caches, Paths: want.roots})
	if err != nil {
		return req.Fetch, context.Cause(ctx)
	}
	return fetch.Had{Texts: texts, Rest: req.Fetch}, nil
}

// fault is an error about a store path, at the line that asks for it or for the
// closure.
func (d derived) fault(want wantedPaths, err error) error {
	pos := d.described.Range.Start
	if len(d.described.Paths) > 0 {
		pos = d.described.Paths[0].Pos
	}
	var missing *resolve.MissingError
	var refused *resolve.Fault
	about := ""
	switch {
	case errors.As(err, &missing):
		about = missing.Path
	case errors.As(err, &refused):
		about = refused.Path
	}
	if at, ok := want.asked[about]; ok {
		pos = at
	}
	fault := d.t.read.errorf(pos, "derivation: %w", err)
	fault.External = true
	return fault
}
