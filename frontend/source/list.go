// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"

	bk "github.com/moby/buildkit/client/llb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/plan"
)

var _ fault.World = (*Trees)(nil)

// List lists the directories of a tree, or what .dockerignore leaves out of it as
// well; nil for a tree that only the graph knows.
func (t *Trees) List(ctx context.Context, in plan.Tree, ignored bool) fault.Lister {
	if ignored {
		return t.finder.daemon.contextNames(ctx, bk.ExcludePatterns(nil))
	}
	switch in.Kind {
	case plan.Main:
		if list := t.finder.daemon.contextNames(ctx); list != nil {
			return list
		}
	case plan.Registry, plan.Context, plan.Dockerfile:
	default:
		return nil
	}
	st, err := t.Tree(ctx, in)
	if err != nil {
		return nil
	}
	return func(dir string) ([]*fstypes.Stat, error) { return t.finder.prober.List(ctx, st, "/"+dir) }
}

// Status is the HTTP status that a server refuses an address with; 0 if it doesn't.
func (t *Trees) Status(ctx context.Context, url string) int { return t.finder.daemon.Status(ctx, url) }
