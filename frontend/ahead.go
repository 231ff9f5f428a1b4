// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"slices"
	"strings"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// readIgnoreFile starts reading the context's ignore file, if the context is
// used, while the bases are looked up: what is read stays in r.ui. The function
// that it returns waits for the end. A failure is not reported here: whoever
// needs the context then reads again.
func (r *request) readIgnoreFile(ctx context.Context) (wait func()) {
	var group sync.WaitGroup
	if usesContext(r.spec) {
		group.Go(func() { _, _ = r.ui.DockerIgnorePatterns(ctx) })
	}
	return group.Wait
}

// usesContext reports whether a build file names something of the build context.
func usesContext(s *spec.Spec) bool {
	return slices.ContainsFunc(s.Targets, func(t spec.Target) bool {
		return slices.ContainsFunc(t.Layers, func(l spec.Layer) bool { return l.Strategy().UsesContext() })
	})
}

// loadContext starts the transfer of a local build context, if the plan uses
// it, while the base's folders are looked up; the build then finds it loaded. The
// function that it returns waits for the end, or stops the transfer if the build
// has failed.
func (r *request) loadContext(ctx context.Context, s *sources, p *plan.Plan) (wait func(error)) {
	if !p.UsesContext() {
		return func(error) {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		// A failure is the build's as well, which says what needed the context.
		if st, err := s.mainContext(ctx); err == nil {
			_ = r.loadLocal(ctx, st)
		}
	})
	return func(err error) {
		if err != nil {
			cancel()
		}
		group.Wait()
		cancel()
	}
}

// loadLocal transfers a local source. Other sources stay where they are: a
// cached build need not fetch them.
func (r *request) loadLocal(ctx context.Context, st bk.State) error {
	def, err := r.marshal(ctx, st)
	if err != nil || !isLocal(def) {
		return err
	}
	_, err = r.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: r.ui.CacheImports, Evaluate: true})
	return err
}

// isLocal tells whether a definition is a folder of the client.
func isLocal(def *bk.Definition) bool {
	var op pb.Op
	if len(def.Def) != 2 || op.UnmarshalVT(def.Def[0]) != nil { // it, and what is wanted
		return false
	}
	return strings.HasPrefix(op.GetSource().GetIdentifier(), "local://")
}
