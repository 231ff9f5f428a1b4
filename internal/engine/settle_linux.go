// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client/buildid"
	gateway "github.com/moby/buildkit/frontend/gateway/pb"
	"google.golang.org/grpc"
)

const (
	// unsettled is how long the end of a build waits for what its frontend asked for, at
	// most: a step that can't be killed doesn't keep the build.
	unsettled = 10 * time.Second

	// aftermath is how long it waits after that. BuildKit's scheduler answers a request
	// before it is done with it.
	aftermath = 100 * time.Millisecond
)

// requests counts what the frontends of builds have asked for and have no answer to yet, and
// lets no build end before that has ended. BuildKit ends a build as soon as its client is
// gone, and forgets its steps, while its scheduler still cancels them. Then a step can be
// entered into the scheduler's index that nothing will ever take out: a later build is merged
// with it, and fails, since its inputs are forgotten or their files are pruned
// (moby/buildkit#2303).
type requests struct {
	mu      sync.Mutex
	running map[string]int // by build
	ended   chan struct{}  // closed, and made again, whenever one ends
}

// newRequests counts from zero.
func newRequests() *requests {
	return &requests{running: map[string]int{}, ended: make(chan struct{})}
}

// intercept is a [grpc.UnaryServerInterceptor].
func (r *requests) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if solve, ok := req.(*controlapi.SolveRequest); ok {
		return r.solve(ctx, solve, handler)
	}
	build := buildid.FromIncomingContext(ctx)
	switch {
	case info.FullMethod == gateway.LLBBridge_Return_FullMethodName:
		if r.settle(build, time.Now().Add(unsettled)) {
			time.Sleep(aftermath)
		}
	case strings.HasPrefix(info.FullMethod, "/"+gateway.LLBBridge_ServiceDesc.ServiceName+"/"):
		defer r.begin(build)()
	}
	return handler(ctx, req)
}

// solve is a build. It is cancelled when its client is, but not before all it asked for has
// ended.
func (r *requests) solve(ctx context.Context, req *controlapi.SolveRequest, handler grpc.UnaryHandler) (any, error) {
	held, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		until := time.Now().Add(unsettled)
		r.settle(req.Ref, until)
		time.Sleep(aftermath) // in which a request may begin that the client had sent
		r.settle(req.Ref, until)
		cancel(context.Cause(ctx))
	})()
	return handler(held, req)
}

// begin counts a request of a build until end is called.
func (r *requests) begin(build string) (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[build]++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.running[build]--; r.running[build] == 0 {
			delete(r.running, build)
		}
		close(r.ended)
		r.ended = make(chan struct{})
	}
}

// settle returns when a build has no request that runs, or when it is late, and reports
// whether it had one.
func (r *requests) settle(build string, late time.Time) (waited bool) {
	limit := time.After(time.Until(late))
	for {
		r.mu.Lock()
		n, ended := r.running[build], r.ended
		r.mu.Unlock()
		if n == 0 {
			return waited
		}
		waited = true
		select {
		case <-ended:
		case <-limit:
			return waited
		}
	}
}
