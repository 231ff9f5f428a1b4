// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

var _ strategy.Guard = (*sources)(nil)

// Fit lets the step helper look how the packages that the last image of a plan
// unpacks go with what is below them: first what the base leaves out of packages,
// then the packages themselves.
func (s *sources) Fit(ctx context.Context, p *plan.Plan) (strategy.Fit, error) {
	below, unpack := split(p)
	base, err := s.stateOf(ctx, below)
	if err != nil {
		return strategy.Fit{}, err
	}
	first, err := s.verdict(ctx, base, nil)
	if err != nil {
		return strategy.Fit{}, err
	}
	for _, u := range unpack {
		u.Filters = first.Filters
	}
	fit, err := s.verdict(ctx, base, unpack)
	for failed := (mirrors{}); err != nil && ctx.Err() == nil && isFetchFailure(err) && nextMirror(unpack, failed.choose(err)); {
		fit, err = s.verdict(ctx, base, unpack)
	}
	fit.Filters = first.Filters
	return fit, err
}

func nextMirror(unpack []*plan.Unpack, choose func(string) bool) bool {
	moved := false
	for _, u := range unpack {
		moved = plan.NextMirror(u.Archives, choose) || moved
	}
	return moved
}

// split takes the layers that unpack something out of a plan's last image.
func split(p *plan.Plan) (below *plan.Plan, unpack []*plan.Unpack) {
	last := *p.Images[len(p.Images)-1]
	last.Layers = slices.Clone(last.Layers)
	last.Layers = slices.DeleteFunc(last.Layers, func(l plan.Layer) bool {
		u, ok := l.Action.(*plan.Unpack)
		if ok {
			u := *u
			unpack = append(unpack, &u)
		}
		return ok
	})
	images := append(slices.Clone(p.Images[:len(p.Images)-1]), &last)
	return &plan.Plan{Platform: p.Platform, Images: images}, unpack
}

// stateOf is the state of a plan's last image.
func (s *sources) stateOf(ctx context.Context, p *plan.Plan) (bk.State, error) {
	last := p.Images[len(p.Images)-1]
	if len(last.Layers) == 0 && last.From.Kind != plan.Target {
		return s.Tree(ctx, last.From)
	}
	lowered, err := s.lower(ctx, p, s)
	if err != nil {
		return bk.State{}, err
	}
	return lowered.State, nil
}

// verdict solves and reads the step helper's answer.
func (s *sources) verdict(ctx context.Context, base bk.State, unpack []*plan.Unpack) (strategy.Fit, error) {
	var fit strategy.Fit
	st, err := llb.Verdict(s.options(s), base, unpack)
	if err != nil {
		return fit, err
	}
	ref, err := s.make(ctx, st)
	if err != nil {
		return fit, err
	}
	data, err := readWhole(ctx, ref, llb.VerdictFile)
	if err != nil {
		return fit, err
	}
	if err := json.Unmarshal(data, &fit); err != nil {
		return fit, fmt.Errorf("read the step helper's answer: %w", err)
	}
	return fit, nil
}
