// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"context"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// cacheDir is where the directory is that a cache starts from.
const cacheDir = "/cache"

// cache mounts a directory that survives from build to build.
func (c *Command) cache(ctx context.Context, root bk.State, m plan.Cache) (bk.RunOption, error) {
	first, opts, err := c.first(ctx, root, m)
	if err != nil {
		return nil, err
	}
	opts = append(opts, bk.AsPersistentCacheDir(c.runner.Options.CacheNamespace+"/"+m.ID, sharing(m.Sharing)))
	if m.ReadOnly {
		opts = append(opts, bk.Readonly)
	}
	return bk.AddMount(m.Target, first, opts...), nil
}

// first is what a cache starts from: nothing when it is root's, 0755 and empty. BuildKit
// has one cache for each id and each such start.
func (c *Command) first(ctx context.Context, root bk.State, m plan.Cache) (bk.State, []bk.MountOption, error) {
	uid, gid, err := c.mountOwner(ctx, root, m.Owner)
	if err != nil {
		return bk.State{}, nil, err
	}
	mode := plan.Mode(0o755)
	if m.Mode != nil {
		mode = *m.Mode
	}
	if m.Seed == nil && uid == 0 && gid == 0 && mode == 0o755 {
		return bk.Scratch(), nil, nil
	}
	// Mkdir drops setgid and sticky; a copy of a directory keeps them.
	empty := bk.Scratch().File(bk.Mkdir("/directory", 0o755, bk.WithCreatedTime(op.FileTime())), bk.WithCustomName("[internal] make a directory"))
	fa := bk.Copy(empty, "/directory", cacheDir, &bk.CopyInfo{
		ChownOpt: op.Owner(uid, gid), Mode: &bk.ChmodOpt{Mode: op.Mode(uint32(mode))}, CreatedTime: new(op.FileTime()),
	})
	if m.Seed != nil {
		st, err := c.runner.Trees(ctx, m.Seed.From)
		if err != nil {
			return bk.State{}, nil, err
		}
		fa = fa.Copy(op.Restart(st), m.Seed.Path, cacheDir, &bk.CopyInfo{CopyDirContentsOnly: true, ChownOpt: op.Owner(uid, gid)})
	}
	st := bk.Scratch().File(fa, c.ops.At(c.layer.Range), bk.WithCustomName(c.ops.Name("make the cache "+m.ID)))
	return st, []bk.MountOption{bk.SourcePath(cacheDir)}, nil
}

func sharing(s string) bk.CacheMountSharingMode {
	switch s {
	case "private":
		return bk.CacheMountPrivate
	case "locked":
		return bk.CacheMountLocked
	default:
		return bk.CacheMountShared
	}
}
