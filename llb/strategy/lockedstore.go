// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/llb/lock"
)

// locked takes the closure from the lock; false says that the lock has none, and
// it has to be looked up.
func (d derived) locked(roots []string, trusted trust) (graph *resolve.Graph, ok bool, err error) {
	have := d.t.pass.req.Lock.of(d.t).Closure(roots)
	pos := d.described.Range.Start
	switch {
	case d.t.pass.req.Lock.Updates(AllClosures, roots...):
		return nil, false, nil
	case have == nil && (d.t.pass.req.Lock.File == nil && !d.t.pass.req.Lock.Strict || d.t.pass.req.Lock.Renew):
		return nil, false, nil
	case have == nil:
		return nil, false, d.t.stale(pos, "%s does not have these store paths of target %s for %s", d.t.pass.req.Lock.Name, d.t.described.Name, d.t.image.Platform)
	case !trusted.wrote(have):
		if d.t.pass.req.Lock.Renew {
			return nil, false, nil
		}
		return nil, false, d.t.stale(pos, "%s was written with other substituters or keys", d.t.pass.req.Lock.Name)
	}
	infos, err := lockedPaths(have)
	if err != nil {
		return nil, false, d.t.read.errorf(pos, "derivation: read %s: %w", d.t.pass.req.Lock.Name, err)
	}
	if i, err := firstUnsigned(infos, trusted); err != nil {
		if d.t.pass.req.Lock.Renew {
			return nil, false, nil
		}
		return nil, false, d.t.stale(pos, "line %d of %s says of %s what no trusted key has signed, its name, hash, size and references: %v",
			have.Paths[i].Line, d.t.pass.req.Lock.Name, infos[i].Path, err)
	}
	if graph, err = resolve.NewGraph(roots, infos); err != nil {
		return nil, false, d.t.read.errorf(pos, "derivation: %w", fmt.Errorf("read %s: %w", d.t.pass.req.Lock.Name, err))
	}
	return graph, true, nil
}

// wrote reports whether a closure was locked with the same caches and keys.
func (t trust) wrote(have *lock.Closure) bool {
	return slices.Equal(have.Caches, t.caches) && slices.Equal(have.Keys, t.names())
}

// firstUnsigned finds the first path that neither a trusted key vouches for nor its name.
// That is asked of what a cache says as well, and a lock is no better witness.
func firstUnsigned(infos []*resolve.Info, trusted trust) (int, error) {
	errs := make([]error, len(infos))
	var workers sync.WaitGroup
	n := runtime.GOMAXPROCS(0) // hundreds of signatures are most of what planning a closure costs
	for first := range n {
		workers.Go(func() {
			for i := first; i < len(infos); i += n {
				_, errs[i] = infos[i].Verify(trusted.keys)
			}
		})
	}
	workers.Wait()
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return -1, nil
	}
	return i, errs[i]
}

// lockedPaths are the paths of a closure in the lock.
func lockedPaths(have *lock.Closure) ([]*resolve.Info, error) {
	infos := make([]*resolve.Info, len(have.Paths))
	for i, p := range have.Paths {
		infos[i] = &resolve.Info{
			Path: p.Path, NarHash: digest.NewDigestFromEncoded(digest.SHA256, p.NarHash), NarSize: p.NarSize, URL: p.URL,
			Compression: p.Compression, References: p.References, Deriver: p.Deriver,
			CA: resolve.FixedCA(digest.NewDigestFromEncoded(digest.SHA256, p.NarHash)),
		}
		if p.Signature != "" {
			infos[i].Signatures = []string{p.Signature}
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
func (d derived) known(trusted trust) (map[string]*resolve.Info, error) {
	known := map[string]*resolve.Info{}
	locked := d.t.pass.req.Lock.of(d.t)
	if locked == nil {
		return known, nil
	}
	for i := range locked.Closures {
		have := &locked.Closures[i]
		if !trusted.wrote(have) || d.t.pass.req.Lock.Updates(AllClosures, have.Roots...) {
			continue
		}
		infos, err := lockedPaths(have)
		if err != nil {
			return nil, d.t.read.errorf(d.described.Range.Start, "derivation: read %s: %w", d.t.pass.req.Lock.Name, err)
		}
		for _, info := range infos {
			if _, err := info.Verify(trusted.keys); err == nil {
				known[info.Path] = info
			}
		}
	}
	return known, nil
}

// keepLocked gives what was found to the lock.
func (d derived) keepLocked(c *closure) {
	if d.t.pass.req.Lock.Store == nil {
		return
	}
	made := lock.Closure{Roots: c.graph.Roots, Caches: c.caches, Keys: c.keys}
	for _, info := range c.graph.Paths {
		p := lock.StorePath{
			Path: info.Path, NarHash: info.NarHash.Encoded(), NarSize: info.NarSize, URL: info.URL,
			Compression: info.Compression, References: info.References, Deriver: info.Deriver,
		}
		if info.FileHash != "" {
			p.FileHash = info.FileHash.Encoded()
		}
		if len(info.Signatures) > 0 {
			p.Signature = info.Signatures[0]
		}
		made.Paths = append(made.Paths, p)
	}
	d.t.pass.req.Lock.Store(d.t.described.Name, lock.Platform{Name: lockPlatform(d.t), Closures: []lock.Closure{made}}, nil)
}
