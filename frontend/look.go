// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"slices"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

var _ strategy.Looker = (*sources)(nil)

// Look opens what of a tree matches patterns. The image so far, and targets, are
// built for it as far as they are needed.
func (s *sources) Look(ctx context.Context, p *plan.Plan, t plan.Tree, patterns []string) (tree.Tree, error) {
	st, err := s.lookState(ctx, p, t, patterns)
	if err != nil {
		return nil, err
	}
	return s.prober.open(ctx, st)
}

func (s *sources) lookState(ctx context.Context, p *plan.Plan, t plan.Tree, patterns []string) (bk.State, error) {
	switch t.Kind {
	case plan.Scratch:
		return bk.Scratch(), nil
	case plan.Layers, plan.Target:
		if t.Kind == plan.Target {
			p = upTo(p, t)
		}
		lowered, err := s.lower(ctx, p, s)
		if err != nil {
			return bk.State{}, err
		}
		return llb.Look(lowered.State, patterns), nil
	case plan.Main:
		st, err := s.ui.MainContext(ctx, bk.FollowPaths(patterns))
		if err != nil {
			return bk.State{}, err
		}
		return *st, nil
	default:
		st, err := s.Tree(ctx, t)
		if err != nil {
			return bk.State{}, err
		}
		return llb.Look(st, patterns), nil
	}
}

// upTo is the part of a plan that makes a target.
func upTo(p *plan.Plan, t plan.Tree) *plan.Plan {
	i := slices.Index(p.Images, p.Image(t.Name, t.Platform))
	return &plan.Plan{Platform: t.Platform, Images: p.Images[:i+1]}
}
