// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package frontend is what BuildKit calls: a build function that reads a build
// file through the gateway and answers with a result.
//
// All doors run [Build]: as a container for "# syntax=", and inside the command
// line against a daemon or the embedded engine. So they can't drift apart. The
// package speaks BuildKit's gateway protocol and the conventions that Docker's
// command line has about contexts, platforms and options; what the build file
// means is decided below, in llb/strategy, and made in llb.
package frontend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// DefaultFile is the name of the build file when none is given.
const DefaultFile = "strata.yaml"

var _ client.BuildFunc = Build

// Build answers one request: a build, or a question about the build file.
func Build(ctx context.Context, c client.Client) (*client.Result, error) {
	return Options{}.Build(ctx, c)
}

// Options are what a caller in the same process may want besides. The zero value
// wants nothing.
type Options struct {
	// Now decides which signatures of archives are good still, and nothing else. The
	// zero time is the time of the call.
	Now time.Time
	// Built is called with what was built, platform by platform in any order, but one
	// after another. A question about the build file builds nothing.
	Built func(Planned)
}

// Planned is what was built for one platform.
type Planned struct {
	Plan *plan.Plan
	// ShowPlatform says that the names of the steps have the platform in them.
	ShowPlatform bool
}

// Build is [Build] with options.
func (o Options) Build(ctx context.Context, c client.Client) (*client.Result, error) {
	r, err := newRequest(ctx, c)
	if err != nil {
		return nil, err
	}
	if !o.Now.IsZero() {
		r.now = o.Now
	}
	if o.Built != nil {
		var mu sync.Mutex
		r.built = func(p Planned) {
			mu.Lock()
			defer mu.Unlock()
			o.Built(p)
		}
	}
	res, err := r.answer(ctx)
	if err != nil {
		return nil, r.located(err)
	}
	return res, nil
}

// answer picks the question.
func (r *request) answer(ctx context.Context) (*client.Result, error) {
	if res, ok, err := r.subrequest(ctx); ok || err != nil {
		return res, err
	}
	s, err := spec.Parse(r.source.Filename, r.source.Data)
	if err != nil {
		return nil, err
	}
	r.spec = s
	if r.wantsLock() {
		return r.lockResult(ctx)
	}
	r.warnNoCache(ctx)
	return r.build(ctx)
}

// build makes the image for every wanted platform.
func (r *request) build(ctx context.Context) (*client.Result, error) {
	made := newScanTargets()
	if err := r.loadLock(ctx); err != nil {
		return nil, err
	}
	defer r.readIgnoreFile(ctx)()
	rb, err := r.ui.Build(ctx, func(ctx context.Context, p *ocispecs.Platform, i int) (*dockerui.BuildResult, error) {
		return r.buildPlatform(ctx, p, i, made)
	})
	if err != nil {
		return nil, err
	}
	made.annotate(rb, r.ui.MultiPlatformRequested)
	if err := r.scan(ctx, rb, made); err != nil {
		return nil, err
	}
	return rb.Finalize()
}

// buildPlatform is the whole way of one platform: plan, lower, marshal, solve.
func (r *request) buildPlatform(ctx context.Context, wanted *ocispecs.Platform, i int, made *scanTargets) (*dockerui.BuildResult, error) {
	target := platforms.Normalize(*wanted)
	sources := newSources(r, target)
	warn := r.warn(ctx)
	if i > 0 {
		warn = nil // the first platform has said it
	}
	req := r.planRequest(target, sources, warn)
	locked := r.lockCopy()
	req.Lock.Store = func(target string, p lock.Platform, repositories []lock.Repository) {
		locked.Set(target, p)
		for _, repository := range repositories {
			locked.SetRepository(repository)
		}
	}
	planned, err := strategy.Plan(ctx, req)
	if err != nil {
		return nil, err
	}
	sources.use(planned)
	wait := r.loadContext(ctx, sources, planned)
	lowered, ref, err := r.lowerAndMake(ctx, planned, sources)
	wait(err)
	if err != nil {
		return nil, err
	}
	made.store(target, lowered, lockOf(planned, locked))
	if r.built != nil {
		r.built(Planned{Plan: planned, ShowPlatform: r.ui.MultiPlatformRequested})
	}
	return &dockerui.BuildResult{
		Reference: ref,
		Image:     lowered.Image,
		BaseImage: lowered.Base,
		Epoch:     r.epoch,
	}, nil
}

// firstPlatform is the one that questions about the build file are answered for.
func (r *request) firstPlatform() ocispecs.Platform {
	return platforms.Normalize(r.ui.TargetPlatforms[0])
}

// planRequest says what to plan.
func (r *request) planRequest(target ocispecs.Platform, s *sources, warn func(*spec.Error)) strategy.Request {
	return strategy.Request{
		Spec:          r.spec,
		Target:        r.ui.Target,
		Platform:      target,
		BuildPlatform: r.buildsOn,
		BuildArgs:     r.ui.BuildArgs,
		Labels:        r.ui.Labels,
		Bases:         s,
		Looker:        s,
		Fetch:         r,
		Stores:        s,
		Guard:         s,
		Lock:          strategy.Locking{File: r.lock, Name: r.lockName()},
		Now:           r.now,
		Warn:          warn,
	}
}

// options say how plans are lowered.
func (r *request) options(sources *sources) llb.Options {
	o := llb.Options{
		Sources:       sources,
		Prober:        r.prober,
		SourceMap:     r.source.SourceMap,
		Chain:         !r.merges(),
		Step:          r.step,
		BuildPlatform: r.buildsOn,
		NoCache:       r.ui.IsNoCache,
		ShowPlatform:  r.ui.MultiPlatformRequested,
		Run:           r.runOptions(),
		Built:         sources.builtStore,
	}
	if r.epoch != nil {
		o.Epoch = *r.epoch
	}
	return o
}

// lower makes the graph.
func (r *request) lower(ctx context.Context, p *plan.Plan, sources *sources) (*llb.Result, error) {
	res, err := llb.Lower(ctx, p, r.options(sources))
	var fault *llb.Fault
	if errors.As(err, &fault) && fault.IsMistake() {
		err = r.spec.ErrorfRange(fault.Range, "%w", fault.Err)
	}
	return res, err
}

// lowerAndMake makes the graph and builds it. Packages and store paths that can't be
// fetched are looked for at the next mirror, or in the next binary cache.
func (r *request) lowerAndMake(ctx context.Context, p *plan.Plan, sources *sources) (*llb.Result, client.Reference, error) {
	failed, others := mirrors{}, caches{request: r, refused: map[string]bool{}}
	for {
		lowered, err := r.lower(ctx, p, sources)
		if err != nil {
			return nil, nil, err
		}
		ref, err := r.make(ctx, lowered.State)
		if err == nil {
			return lowered, ref, nil
		}
		if ctx.Err() != nil || !isFetchFailure(err) {
			return nil, nil, r.explained(ctx, err, p, sources)
		}
		choose := failed.choose(err)
		if moved := p.NextMirror(choose); !others.next(ctx, p, choose) && !moved {
			return nil, nil, r.explained(ctx, err, p, sources)
		}
	}
}

// make builds a state now. Exporters would do so a moment later, but a failure
// comes back here, where it can be told in the build file's words.
func (r *request) make(ctx context.Context, st bk.State) (client.Reference, error) {
	def, err := r.marshal(ctx, st)
	if err != nil {
		return nil, err
	}
	ref, err := r.solveDefinition(ctx, def)
	if err == nil && ref != nil {
		err = ref.Evaluate(ctx)
	}
	return ref, withAddress(err, def)
}

// solve asks BuildKit for a state. Cache imports go with every request, or they
// would be forgotten.
func (r *request) solve(ctx context.Context, st bk.State) (client.Reference, error) {
	def, err := r.marshal(ctx, st)
	if err != nil {
		return nil, err
	}
	return r.solveDefinition(ctx, def)
}

func (r *request) solveDefinition(ctx context.Context, def *bk.Definition) (client.Reference, error) {
	res, err := r.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: r.ui.CacheImports})
	if err != nil {
		return nil, err
	}
	return res.SingleRef()
}

// marshal makes the definition of a state for the daemon.
func (r *request) marshal(ctx context.Context, st bk.State) (*bk.Definition, error) {
	def, err := st.Marshal(ctx, bk.WithCaps(r.client.BuildOpts().LLBCaps), bk.Platform(r.buildsOn))
	if err != nil {
		return nil, fmt.Errorf("marshal graph: %w", err)
	}
	return def, llb.Renew(def)
}

// annotationKey is the name under which exporters look for an annotation.
func annotationKey(p *ocispecs.Platform, key string) string {
	return exptypes.AnnotationManifestKey(p, key)
}
