// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"path"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/llb/plan"
)

// caches are binary caches after a failure: the addresses of archives that they
// didn't give.
type caches struct {
	fetcher Fetcher
	refused map[string]bool
}

// next looks for another archive of each chosen store path, and reports whether it
// found any.
func (c *caches) next(ctx context.Context, p *plan.Plan, choose func(url string) bool) bool {
	var chosen []*plan.StorePath
	var stores []*plan.Store
	for _, img := range p.Images {
		for _, l := range img.Layers {
			store, ok := l.Action.(*plan.Store)
			if !ok || len(store.Caches) < 2 {
				continue
			}
			for i := range store.Items {
				if item := &store.Items[i]; item.URL != "" && choose(item.URL) {
					c.refused[item.URL] = true
					chosen, stores = append(chosen, item), append(stores, store)
				}
			}
		}
	}
	var moved atomic.Bool
	var group errgroup.Group
	group.SetLimit(maxFetches)
	for i, item := range chosen {
		group.Go(func() error {
			if c.move(ctx, stores[i], item) {
				moved.Store(true)
			}
			return nil
		})
	}
	_ = group.Wait() // what isn't found elsewhere fails again, and is explained then
	return moved.Load()
}

// move gives a path the address of another archive, if any cache has one.
func (c *caches) move(ctx context.Context, store *plan.Store, item *plan.StorePath) bool {
	o := resolve.Options{Fetcher: c.fetcher, Caches: store.Caches}
	for _, text := range store.Keys {
		key, err := resolve.ParseKey(text)
		if err != nil {
			return false
		}
		o.Keys = append(o.Keys, key)
	}
	have := &resolve.Info{Path: path.Join(store.Dir, item.Name), NarHash: digest.Digest(item.NarHash), NarSize: item.NarSize}
	info, err := resolve.Elsewhere(ctx, have, func(url string) bool { return c.refused[url] }, o)
	if err != nil {
		return false
	}
	item.URL, item.Format, item.Digest = info.URL, info.Compression, info.FileHash.String()
	item.Attempt++
	return true
}
