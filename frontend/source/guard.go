// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

var _ strategy.Checker = (*Trees)(nil)

// Check lets the step helper look how the packages that the last image of a plan
// unpacks go with what is below them: first what the base leaves out of packages,
// then the packages themselves.
func (t *Trees) Check(ctx context.Context, p *plan.Plan) (distro.Verdict, error) {
	below, unpack := split(p)
	base, err := t.stateOf(ctx, below, unpack[0].Format)
	if err != nil {
		return distro.Verdict{}, err
	}
	lowering := t.using(plan.ContextParts(p)).lowering
	ask := func(unpack []*plan.Unpack, format plan.Format) (distro.Verdict, error) {
		st, err := llb.Verdict(ctx, p, lowering, format, base, unpack)
		if err != nil {
			return distro.Verdict{}, err
		}
		return readVerdict(ctx, t.finder.daemon, st)
	}
	first, err := ask(nil, unpack[0].Format)
	if err != nil {
		return distro.Verdict{}, err
	}
	for _, u := range unpack {
		u.Filters = first.Filters
	}
	verdict, err := ask(unpack, unpack[0].Format)
	if err != nil && ctx.Err() == nil && llb.IsFetchedStep(err.Error()) && p.FetchApart() {
		for _, u := range unpack {
			u.InStep = false
		}
		verdict, err = ask(unpack, unpack[0].Format)
	}
	for failed := (mirrors{}); err != nil && ctx.Err() == nil; {
		f := fault.AsFetch(err)
		if f == nil || !nextMirror(unpack, failed.choose(f)) {
			break
		}
		verdict, err = ask(unpack, unpack[0].Format)
	}
	verdict.Filters = first.Filters
	var archives []plan.Archive
	for _, u := range unpack {
		archives = append(archives, u.Archives...)
	}
	last := below.Images[len(below.Images)-1]
	if _, said := fault.OfLogin(err, archives, func(a plan.Archive) error { return Logins{t}.Refetch(ctx, below, last, a) }); said != nil {
		return verdict, said
	}
	return verdict, fault.OfArchives(ctx, err, archives, t.World().Status)
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

// stateOf is the state of a plan's last image, for a look how packages of a format go with
// it. Of directories of the client that the image stands on, only the names are sent, and
// what a look reads.
func (t *Trees) stateOf(ctx context.Context, p *plan.Plan, format plan.Format) (bk.State, error) {
	last := p.Images[len(p.Images)-1]
	part := t.using(plan.ContextParts(p))
	if system := distro.Find(systems.All(), string(format)); system != nil {
		part.hollow = hollow{names: plan.Stands(p), files: system.Facts().Judged}
	}
	if len(last.Layers) == 0 && last.From.Kind == plan.Scratch {
		return bk.Scratch(), nil
	}
	if len(last.Layers) == 0 && last.From.Kind != plan.Target {
		return part.Tree(ctx, last.From)
	}
	lowered, err := part.Lower(ctx, p)
	if err != nil {
		return bk.State{}, err
	}
	return lowered.State, nil
}

// readVerdict reads the step helper's answer about packages of a plan.
func readVerdict(ctx context.Context, d *Daemon, st bk.State) (distro.Verdict, error) {
	var verdict distro.Verdict
	ref, err := d.Make(ctx, st)
	if err != nil {
		return verdict, err
	}
	data, err := ReadWhole(ctx, ref, distro.VerdictFile)
	if err != nil {
		return verdict, err
	}
	if err := json.Unmarshal(data, &verdict); err != nil {
		return verdict, fmt.Errorf("read the step helper's answer: %w", err)
	}
	return verdict, nil
}
