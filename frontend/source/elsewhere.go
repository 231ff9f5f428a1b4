// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// Elsewhere finds other addresses for packages and store paths that servers didn't
// give, in the course of one build.
type Elsewhere struct {
	daemon  *Daemon
	mirrors mirrors
	caches  caches
	asked   map[string]int // how often addresses were asked again
	// afresh says that files which were taken as they came were fetched once more.
	afresh bool
}

// NewElsewhere gives one that has met no failure yet.
func NewElsewhere(d *Daemon) *Elsewhere {
	return &Elsewhere{daemon: d, asked: map[string]int{}, mirrors: mirrors{}, caches: caches{fetcher: Fetcher{d}, refused: map[string]bool{}}}
}

// Next gives the archives of a plan that a failure is about the next mirror's address,
// or the next binary cache's; without any, the same address once more, if it may have then
// what it didn't give. It reports whether there is anything to try: if not, or if the
// failure is about something else, the build has failed. A step that fetches what it
// unpacks doesn't say what is wrong: when one fails, BuildKit fetches all, and what fails
// then is told. What a step fails on that was taken as it came, without a checksum, is
// fetched once more: BuildKit may have it from an earlier build, by its server's ETag.
func (e *Elsewhere) Next(ctx context.Context, p *plan.Plan, failure error) bool {
	if ctx.Err() != nil {
		return false
	}
	if llb.IsFetchedStep(failure.Error()) {
		return p.FetchApart()
	}
	if files := fault.Unchecked(p, failure); len(files) > 0 && !e.afresh {
		e.afresh = true
		for _, f := range files {
			f.Afresh = e.daemon.afresh()
		}
		return true
	}
	f := fault.AsFetch(failure)
	if f == nil {
		return false
	}
	choose := e.mirrors.choose(f)
	moved := p.NextMirror(choose)
	return e.caches.next(ctx, p, choose) || moved || e.again(ctx, p, f)
}

// again lets an address be asked once more, after a pause if its server has too much to
// do, and at once if it sent something else.
func (e *Elsewhere) again(ctx context.Context, p *plan.Plan, f *fault.Fetch) bool {
	n := e.asked[f.URL]
	e.asked[f.URL]++
	if f.Got != "" && f.URL != "" {
		if status := e.daemon.Status(ctx, f.URL); status != 0 {
			f = f.Refused(status)
		}
	}
	switch {
	case n+1 >= attempts:
		return false
	case f.MayPass():
		pause(ctx, n)
	case f.Got == "":
		return false
	}
	return ctx.Err() == nil && p.Again(func(url string) bool { return f.URL == "" || url == f.URL })
}
