// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"fmt"
	"maps"
	"slices"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
)

// directory is one that a files layer makes.
type directory struct {
	// mode is the permission bits with setuid, setgid and sticky.
	mode     uint32
	uid, gid int
}

// need makes sure that dir and all directories above it are made, as the base has
// them or, where it doesn't, as 0755 root:root.
func (f *layer) need(ctx context.Context, t nodes, dir string) error {
	if dir == "/" {
		return nil
	}
	for _, p := range append(ancestors(dir), dir) {
		if _, ok := f.made.dirs[p]; ok {
			continue
		}
		n, ok, err := t.lookup(ctx, p)
		if err != nil {
			return err
		}
		if !ok || !n.isDir() {
			if n, err = f.guess(ctx, t, p); err != nil {
				return err
			}
		}
		f.unknown = f.unknown || n.unsure
		f.made.dirs[p] = directory{mode: n.mode, uid: n.uid, gid: n.gid}
	}
	return nil
}

// guess is a directory that the base doesn't have: as the layer that must have made
// it would, or 0755 root:root.
func (f *layer) guess(ctx context.Context, t nodes, p string) (node, error) {
	if n, ok := f.on.Skeleton.make(p); ok {
		return n, nil
	}
	return assume(ctx, f, t, p, node{mode: 0o755})
}

// assume takes a directory that isn't known for a new one, unless a command may have
// shipped it.
func assume(ctx context.Context, f *layer, t nodes, p string, n node) (node, error) {
	unsure, err := f.on.Skeleton.unsure(ctx, t, p, f.placer.plain)
	f.unknown = f.unknown || unsure
	if !unsure && !f.on.Skeleton.shipped {
		f.on.Skeleton.likely[p] = n
	}
	return n, err
}

// directoryTree is a state with directories in their modes and owners. Its
// times mean nothing.
func (f *layer) directoryTree(dirs map[string]directory) (bk.State, bool) {
	names := slices.Sorted(maps.Keys(dirs))
	if len(names) == 0 {
		return bk.Scratch(), false
	}
	key := fmt.Sprint(names, dirs)
	if st, ok := f.placer.trees[key]; ok {
		return st, true
	}
	var fa *bk.FileAction
	var empty *bk.State
	for _, name := range names {
		dir := dirs[name]
		if op.Makes(dir.mode) {
			fa = op.Then(fa).Mkdir(name, op.Mode(dir.mode), bk.WithUIDGID(dir.uid, dir.gid))
			continue
		}
		if empty == nil {
			empty = new(bk.Scratch().File(bk.Mkdir("/directory", 0o755), bk.WithCustomName("[internal] make a directory")))
		}
		fa = op.Then(fa).Copy(*empty, "/directory", name, &bk.CopyInfo{
			Mode:     &bk.ChmodOpt{Mode: op.Mode(dir.mode)},
			ChownOpt: op.Owner(dir.uid, dir.gid),
		})
	}
	f.placer.trees[key] = bk.Scratch().File(fa, bk.WithCustomName("[internal] make directories"))
	return f.placer.trees[key], true
}
