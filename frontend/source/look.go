// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"slices"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

var _ strategy.Looker = (*Trees)(nil)

// Look opens what of a tree matches patterns. The image so far, and targets, are
// built for it as far as they are needed.
func (t *Trees) Look(ctx context.Context, p *plan.Plan, in plan.Tree, patterns []string) (tree.Tree, error) {
	st, err := t.lookState(ctx, p, in, patterns)
	if err != nil {
		return nil, err
	}
	return t.finder.prober.Open(ctx, st)
}

func (t *Trees) lookState(ctx context.Context, p *plan.Plan, in plan.Tree, patterns []string) (bk.State, error) {
	switch in.Kind {
	case plan.Scratch:
		return bk.Scratch(), nil
	case plan.Layers, plan.Target:
		if in.Kind == plan.Target {
			p = upTo(p, in)
		}
		lowered, err := t.using(plan.LookParts(p, patterns)).Lower(ctx, p)
		if err != nil {
			return bk.State{}, err
		}
		return llb.Look(lowered.State, patterns), nil
	case plan.Main:
		// What a build uses of the directory isn't sent again because of a look at less.
		st, err := t.finder.daemon.UI.MainContext(ctx, bk.FollowPaths(patterns), bk.SharedKeyHint(sharedKey("look", "", patterns)))
		if err != nil {
			return bk.State{}, err
		}
		return *st, nil
	default:
		st, err := t.using(map[string]plan.Part{in.Name: {Paths: patterns}}).Tree(ctx, in)
		if err != nil {
			return bk.State{}, err
		}
		return llb.Look(st, patterns), nil
	}
}

// using are the same trees for a look while the plan is made: of contexts, only some
// paths are sent for it, by the names of the contexts. What the whole plan uses isn't
// known yet.
func (t *Trees) using(parts map[string]plan.Part) *Trees {
	part := &Trees{finder: t.finder, spec: t.spec, lowering: t.lowering, found: map[plan.Tree]*found{}, parts: parts}
	part.stores = &stores{trees: part, built: t.stores.built}
	part.lowering.Sources, part.lowering.Built = part, part.stores.made
	return part
}

// upTo is the part of a plan that makes a target.
func upTo(p *plan.Plan, in plan.Tree) *plan.Plan {
	i := slices.Index(p.Images, p.Image(in.Name, in.Platform))
	return &plan.Plan{Platform: in.Platform, Images: p.Images[:i+1]}
}
