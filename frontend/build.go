// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"sync"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// build makes the image for every wanted platform, and what goes with it.
func (r *request) build(ctx context.Context, s *spec.Spec) (*client.Result, error) {
	defer readIgnoreFile(ctx, r.daemon.UI, s)()
	file, err := r.prepare(ctx, s)
	if err != nil {
		return nil, err
	}
	images := make([]*image, len(r.daemon.UI.TargetPlatforms))
	rb, err := r.daemon.UI.Build(ctx, func(ctx context.Context, p *ocispecs.Platform, i int) (*dockerui.BuildResult, error) {
		img, err := r.buildPlatform(ctx, s, file, platforms.Normalize(*p))
		if err != nil {
			return nil, err
		}
		images[i] = img
		return &dockerui.BuildResult{Reference: img.ref, Image: img.lowered.Image, BaseImage: img.lowered.Base, Epoch: r.epoch}, nil
	})
	if err != nil {
		return nil, err
	}
	annotate(rb, images, r.daemon.UI.MultiPlatformRequested)
	if err := r.attest(ctx, rb, images); err != nil {
		return nil, err
	}
	return rb.Finalize()
}

// prepare reads the lock, and warns of what the build file says.
func (r *request) prepare(ctx context.Context, s *spec.Spec) (*lock.File, error) {
	file, err := r.loadLock()
	if err != nil {
		return nil, err
	}
	if err := checkOwnImage(ctx, r, s, file); err != nil {
		return nil, err
	}
	each(lint.File(s, r.daemon.UI.Target, file, r.config), r.warnings.at(ctx))
	return file, nil
}

// image is what the pass makes for one platform.
type image struct {
	platform ocispecs.Platform
	plan     *plan.Plan
	lowered  *llb.Result
	// lock is what its packages were resolved to.
	lock  *lock.File
	trees *source.Trees
	ref   client.Reference
	// contextDeletes reports whether the build context may have a name that means a deletion.
	contextDeletes func() bool
}

// buildPlatform is the pass for one platform: plan, lower, solve. What the client has is
// transferred while the graph is made, and no longer once that has failed.
func (r *request) buildPlatform(ctx context.Context, s *spec.Spec, file *lock.File, target ocispecs.Platform) (*image, error) {
	trees := r.trees(s)
	img := &image{platform: target, lock: file.Clone(), trees: trees}
	req := r.planRequest(ctx, s, target, trees)
	req.Lock.File, req.Lock.Store = file, img.lock.Keep
	planned, err := strategy.Plan(ctx, req)
	if err != nil {
		return nil, fault.OfCommand(err)
	}
	img.plan = planned
	each(lint.Plan(s, planned, file), r.warnings.at(ctx))
	if err := r.warnings.violated(); err != nil {
		return nil, err
	}
	trees.Use(planned)
	group, making := errgroup.WithContext(ctx)
	deletes := sync.OnceValue(func() bool { return contextDeletes(making, r.daemon, trees) })
	img.contextDeletes = deletes
	group.Go(func() error {
		trees.LoadContext(making, planned)
		if len(r.daemon.UI.CacheImports) == 0 && copiesContext(planned) {
			deletes() // who asks for it has it sooner
		}
		return nil
	})
	group.Go(func() error { r.daemon.LoadHelper(making, planned); return nil })
	group.Go(func() (err error) { img.lowered, img.ref, err = r.make(making, s, img, trees); return err })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := r.warnings.violated(); err != nil {
		return nil, err
	}
	if r.built != nil {
		r.built(Planned{Plan: planned, ShowPlatform: r.daemon.UI.MultiPlatformRequested})
	}
	return img, nil
}

// planRequest says what to plan.
func (r *request) planRequest(ctx context.Context, s *spec.Spec, target ocispecs.Platform, trees *source.Trees) strategy.Request {
	return strategy.Request{
		Spec:          s,
		Target:        r.daemon.UI.Target,
		Platform:      target,
		BuildPlatform: r.daemon.Platform,
		BuildArgs:     r.daemon.UI.BuildArgs,
		Labels:        r.daemon.UI.Labels,
		Bases:         trees,
		Looker:        trees,
		Near: func(ctx context.Context, c plan.Copy) string {
			return fault.Near(ctx, c, trees.List, r.daemon.IgnoreFile)
		},
		Absent:     trees.Absent,
		Fetch:      source.Fetcher{Daemon: r.daemon},
		FetchBy:    r.fetchBy,
		Stores:     trees.Stores(),
		Logins:     source.Logins{Trees: trees},
		Signatures: source.Signatures{Trees: trees},
		Checker:    trees,
		Lock:       strategy.Locking{Name: r.lockName(), Strict: r.strict, Images: trees.Images},
		Now:        r.now,
		Warn:       r.warnings.at(ctx),
	}
}

// make lowers a plan and builds it. Packages and store paths that a server doesn't give
// are looked for at the next mirror, or in the next binary cache, and files of contexts
// without the links on the way to them.
func (r *request) make(ctx context.Context, s *spec.Spec, img *image, trees *source.Trees) (*llb.Result, client.Reference, error) {
	p := img.plan
	elsewhere := source.NewElsewhere(r.daemon)
	for {
		lowered, err := trees.Lower(ctx, p)
		step := fault.OfStep(err)
		if err != nil && step == nil {
			return nil, nil, err
		}
		if err = step; err == nil {
			var ref client.Reference
			inside := newLooks(r, s, img, lowered)
			if ref, err = inside.solve(ctx, p, trees); err == nil {
				return lowered, ref, inside.look(ctx)
			}
		}
		if !elsewhere.Next(ctx, p, err) && !trees.FollowLinks(ctx, err) {
			e := fault.Explainer{File: r.file, Spec: s, Plan: p, World: trees.World(), IgnoreFile: r.daemon.IgnoreFile, Logins: source.Logins{Trees: trees}, Signatures: source.Signatures{Trees: trees}}
			return nil, nil, e.Explain(ctx, err)
		}
		img.contextDeletes = sync.OnceValue(func() bool { return contextDeletes(ctx, r.daemon, trees) }) // more may be sent
	}
}
