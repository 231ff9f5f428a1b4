// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb/plan"
)

// LoadContext transfers a local build context, if the plan uses it. The build finds
// it loaded then. A failure is the build's as well, which says what needed the
// context.
func (t *Trees) LoadContext(ctx context.Context, p *plan.Plan) {
	if !p.UsesContext() {
		return
	}
	if st, err := t.mainContext(ctx); err == nil {
		_ = t.finder.daemon.loadLocal(ctx, st)
	}
}

// LoadHelper transfers the step helper, if that is the client's and the plan is sure to need
// it: the graph isn't made before a base was looked into, which has to be fetched for that.
func (d *Daemon) LoadHelper(ctx context.Context, p *plan.Plan) {
	if !p.NeedsHelper() {
		return
	}
	if st, _, err := d.Step(d.Platform.Architecture); err == nil {
		_ = d.loadLocal(ctx, st)
	}
}

// loadLocal transfers a local source. Other sources stay where they are: a
// cached build need not fetch them.
func (d *Daemon) loadLocal(ctx context.Context, st bk.State) error {
	def, err := d.Marshal(ctx, st)
	if err != nil || !isLocal(def) {
		return err
	}
	_, err = d.Client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: d.UI.CacheImports, Evaluate: true})
	return err
}

// OpenLocal opens a local source to look into it; nil for another state, or one that can't
// be had.
func (d *Daemon) OpenLocal(ctx context.Context, st bk.State) client.Reference {
	def, err := d.Marshal(ctx, st)
	if err != nil || !isLocal(def) {
		return nil
	}
	ref, err := d.SolveDefinition(ctx, def)
	if err != nil {
		return nil
	}
	return ref
}

// isLocal reports whether a definition is a directory of the client.
func isLocal(def *bk.Definition) bool {
	var op pb.Op
	if len(def.Def) != 2 || op.UnmarshalVT(def.Def[0]) != nil { // it, and what is wanted
		return false
	}
	return strings.HasPrefix(op.GetSource().GetIdentifier(), "local://")
}
