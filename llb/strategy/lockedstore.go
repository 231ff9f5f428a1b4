// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/llb/lock"
)

// locked takes the closure from the lock; false says that the lock has none, and
// it has to be looked up.
func (c *closure) locked(caches, keys []string) (bool, error) {
	have := c.t.pass.req.Lock.File.Platform(c.t.described.Name, c.t.image.Platform).Closure(c.roots)
	pos := c.d.Range.Start
	switch {
	case slices.Contains(c.t.pass.req.Lock.Update, "*"):
		return false, nil
	case have == nil && (c.t.pass.req.Lock.File == nil || c.t.pass.req.Lock.Renew):
		return false, nil
	case have == nil:
		return false, c.t.stale(pos, "%s does not have these store paths of target %s for %s", c.t.pass.req.Lock.Name, c.t.described.Name, c.t.image.Platform)
	case !slices.Equal(have.Caches, caches) || !slices.Equal(have.Keys, keys):
		if c.t.pass.req.Lock.Renew {
			return false, nil
		}
		return false, c.t.stale(pos, "%s was written with other substituters or keys", c.t.pass.req.Lock.Name)
	}
	infos, err := lockedPaths(have)
	if err != nil {
		return false, c.t.read.errorf(pos, "derivation: read %s: %w", c.t.pass.req.Lock.Name, err)
	}
	if c.graph, err = resolve.NewGraph(c.roots, infos); err != nil {
		return false, c.t.read.errorf(pos, "derivation: %w", fmt.Errorf("read %s: %w", c.t.pass.req.Lock.Name, err))
	}
	return true, nil
}

// lockedPaths are the paths of a closure in the lock.
func lockedPaths(have *lock.Closure) ([]*resolve.Info, error) {
	infos := make([]*resolve.Info, len(have.Paths))
	for i, p := range have.Paths {
		infos[i] = &resolve.Info{
			Path: p.Path, NarHash: digest.NewDigestFromEncoded(digest.SHA256, p.NarHash), NarSize: p.NarSize, URL: p.URL,
			Compression: p.Compression, References: p.References, Deriver: p.Deriver,
		}
		if p.FileHash != "" {
			infos[i].FileHash = digest.NewDigestFromEncoded(digest.SHA256, p.FileHash)
		}
		if err := resolve.CheckPath(p.Path); err != nil {
			return nil, err
		}
	}
	return infos, nil
}

// known are the paths that an older lock has from the same caches, checked with
// the same keys. A store path's name stands for all that it was made from, so a
// lock that is written again looks up only what it does not have yet.
func (c *closure) known(caches, keys []string) (map[string]*resolve.Info, error) {
	known := map[string]*resolve.Info{}
	locked := c.t.pass.req.Lock.File.Platform(c.t.described.Name, c.t.image.Platform)
	if locked == nil || slices.Contains(c.t.pass.req.Lock.Update, "*") {
		return known, nil
	}
	for _, have := range locked.Closures {
		if !slices.Equal(have.Caches, caches) || !slices.Equal(have.Keys, keys) {
			continue
		}
		infos, err := lockedPaths(&have)
		if err != nil {
			return nil, c.t.read.errorf(c.d.Range.Start, "derivation: read %s: %w", c.t.pass.req.Lock.Name, err)
		}
		for _, info := range infos {
			known[info.Path] = info
		}
	}
	return known, nil
}

// keepLocked gives what was found to the lock.
func (c *closure) keepLocked(caches, keys []string) {
	if c.t.pass.req.Lock.Store == nil {
		return
	}
	made := lock.Closure{Roots: c.roots, Caches: caches, Keys: keys}
	for _, info := range c.graph.Paths {
		p := lock.StorePath{
			Path: info.Path, NarHash: info.NarHash.Encoded(), NarSize: info.NarSize, URL: info.URL,
			Compression: info.Compression, References: info.References, Deriver: info.Deriver,
		}
		if info.FileHash != "" {
			p.FileHash = info.FileHash.Encoded()
		}
		made.Paths = append(made.Paths, p)
	}
	c.t.pass.req.Lock.Store(c.t.described.Name, lock.Platform{Name: c.t.image.Platform, Closures: []lock.Closure{made}}, nil)
}
