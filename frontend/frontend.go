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
	"sync"
	"time"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
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
		return nil, r.file.Locate(err)
	}
	return res, nil
}

// answer picks the question.
func (r *request) answer(ctx context.Context) (*client.Result, error) {
	if err := fault.TooOld(r.daemon.Client.BuildOpts().Caps); err != nil {
		return nil, err
	}
	if id, ok := r.options()["requestid"]; ok {
		return r.subrequest(ctx, id)
	}
	s, err := r.parse()
	if err != nil {
		return nil, err
	}
	if r.wantsLock(s) {
		return r.lockResult(ctx, s)
	}
	r.warnNoCache(ctx, s)
	return r.build(ctx, s)
}

// parse reads the build file, and which platforms are built.
func (r *request) parse() (*spec.Spec, error) {
	s, err := spec.Parse(r.file.Source.Filename, r.buildFile)
	if err != nil {
		return nil, err
	}
	err = takePlatforms(r, s)
	if id := r.options()["requestid"]; id == outline.RequestSubrequestsOutline || id == targets.RequestTargets {
		err = nil // they tell of arguments and targets, even if an argument is missing
	}
	return s, err
}
