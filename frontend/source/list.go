// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"

	bk "github.com/moby/buildkit/client/llb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// world is what a build's failure is explained from.
type world struct{ trees *Trees }

var _ fault.World = world{}

// World answers what is asked of a failed build.
func (t *Trees) World() fault.World { return world{t} }

// List lists the directories of a tree.
func (w world) List(ctx context.Context, in plan.Tree, ignored bool) fault.Lister {
	return w.trees.List(ctx, in, ignored)
}

// List lists the directories of a tree, or what .dockerignore leaves out of it as
// well; nil for a tree that can't be listed.
func (t *Trees) List(ctx context.Context, in plan.Tree, ignored bool) fault.Lister {
	if ignored {
		return t.finder.daemon.contextNames(ctx, bk.ExcludePatterns(nil))
	}
	switch in.Kind {
	case plan.Main:
		if list := t.finder.daemon.contextNames(ctx); list != nil {
			return list
		}
	case plan.Registry, plan.Context, plan.Dockerfile, plan.Target:
	default:
		return nil
	}
	st, err := t.listed(ctx, in)
	if err != nil {
		return nil
	}
	return func(dir string) ([]*fstypes.Stat, error) { return t.finder.prober.List(ctx, st, "/"+dir) }
}

// listed is the state of a tree, or of a target of the plan that is in use.
func (t *Trees) listed(ctx context.Context, in plan.Tree) (bk.State, error) {
	if in.Kind != plan.Target {
		return t.Tree(ctx, in)
	}
	if t.used == nil || t.used.Image(in.Name, in.Platform) == nil {
		return bk.State{}, fmt.Errorf("target %s isn't built", in.Name)
	}
	lowered, err := t.Lower(ctx, upTo(t.used, in))
	if err != nil {
		return bk.State{}, err
	}
	return lowered.State, nil
}

// Status is the HTTP status that a server refuses an address with; 0 if it doesn't.
func (w world) Status(ctx context.Context, url string) int {
	return w.trees.finder.daemon.Status(ctx, url)
}

// Report is what the step of a store's layer says when it runs once more, in a way
// that ends well.
func (w world) Report(ctx context.Context, p *plan.Plan, img *plan.Image, layer *plan.Layer) ([]byte, error) {
	st, err := llb.ReportStore(ctx, p, img, layer, w.trees.lowering)
	if err != nil {
		return nil, err
	}
	return w.trees.finder.prober.readFile(ctx, st, llb.Report)
}

// Unpack is what the step that unpacks an entry's archive says when it runs once more.
func (w world) Unpack(ctx context.Context, p *plan.Plan, img *plan.Image, e *plan.Entry) ([]byte, error) {
	st, err := llb.ReportArchive(ctx, p, img, e, w.trees.lowering)
	if err != nil {
		return nil, err
	}
	return w.trees.finder.prober.readFile(ctx, st, llb.Report)
}
