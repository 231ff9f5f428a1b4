// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/plan"
)

// Elsewhere finds other addresses for packages and store paths that servers didn't
// give, in the course of one build.
type Elsewhere struct {
	mirrors mirrors
	caches  caches
}

// NewElsewhere gives one that has met no failure yet.
func NewElsewhere(d *Daemon) *Elsewhere {
	return &Elsewhere{mirrors: mirrors{}, caches: caches{fetcher: Fetcher{d}, refused: map[string]bool{}}}
}

// Next gives the archives of a plan that a failure is about the next mirror's address,
// or the next binary cache's. It reports whether there was any: if not, or if the
// failure is about something else, the build has failed.
func (e *Elsewhere) Next(ctx context.Context, p *plan.Plan, failure error) bool {
	f := fault.AsFetch(failure)
	if f == nil || ctx.Err() != nil {
		return false
	}
	choose := e.mirrors.choose(f)
	moved := p.NextMirror(choose)
	return e.caches.next(ctx, p, choose) || moved
}
