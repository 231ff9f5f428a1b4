// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb"
)

// Daemon is BuildKit as one request meets it.
type Daemon struct {
	Client client.Client
	// UI has the options that Docker's command line sends, and the contexts.
	UI *dockerui.Client
	// IgnoreFile names the ignore file of the build context, which may be the build file's
	// own; nil is .dockerignore.
	IgnoreFile func() string
	// Platform is the one that the daemon runs steps on natively.
	Platform ocispecs.Platform
	// Declared says that the platforms are those of the build file: questions are answered
	// for the daemon's own, if it is among them.
	Declared bool
	// marshaling lets one state be marshalled at a time: BuildKit sorts the mounts of a
	// step while another state that has the same step may read them.
	marshaling sync.Mutex
	// own is the image that this frontend runs in, or why it can't be told, once asked is
	// done.
	asked  sync.Once
	own    *bk.State
	ownErr error
}

// Marshal makes the definition of a state.
func (d *Daemon) Marshal(ctx context.Context, st bk.State) (*bk.Definition, error) {
	caps := d.Client.BuildOpts().LLBCaps
	d.marshaling.Lock()
	def, err := st.Marshal(ctx, bk.WithCaps(caps), bk.Platform(d.Platform))
	d.marshaling.Unlock()
	if err != nil {
		return nil, fmt.Errorf("marshal graph: %w", err)
	}
	hideLogins(def)
	if err := checkNamed(def); err != nil {
		return nil, err
	}
	if err := fault.Lacks(def, caps); err != nil {
		return nil, err
	}
	return def, llb.PropagateNoCache(def)
}

// Solve asks for a state. What has to be run for it runs when the result is read.
func (d *Daemon) Solve(ctx context.Context, st bk.State) (client.Reference, error) {
	def, err := d.Marshal(ctx, st)
	if err != nil {
		return nil, err
	}
	return d.SolveDefinition(ctx, def)
}

// SolveDefinition is [Daemon.Solve] for a marshalled state. Cache imports go with
// every request, or they would be forgotten.
func (d *Daemon) SolveDefinition(ctx context.Context, def *bk.Definition) (client.Reference, error) {
	res, err := d.Client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: d.UI.CacheImports})
	if err != nil {
		return nil, err
	}
	return res.SingleRef()
}

// Make builds a state now. Exporters would do so a moment later, but a failure comes
// back here, where it can be told in the build file's words.
func (d *Daemon) Make(ctx context.Context, st bk.State) (client.Reference, error) {
	def, err := d.Marshal(ctx, st)
	if err != nil {
		return nil, err
	}
	ref, err := d.SolveDefinition(ctx, def)
	if err == nil && ref != nil {
		err = ref.Evaluate(ctx)
	}
	return ref, fault.OfGraph(err, def)
}

// Status is the HTTP status that a server refuses an address with; 0 if it has the
// file. With a checksum, BuildKit takes the page of an error for the file.
func (d *Daemon) Status(ctx context.Context, address string, opts ...bk.HTTPOption) int {
	opts = append([]bk.HTTPOption{bk.Filename("answer"), bk.WithCustomName("[internal] look for " + printable.Line(printable.Address(address)))}, opts...)
	_, err := d.Make(ctx, bk.HTTP(address, opts...))
	if f := fault.AsFetch(err); f != nil {
		return f.Status
	}
	return 0
}

// Merges reports whether the daemon has MergeOp and DiffOp.
func (d *Daemon) Merges() bool {
	caps := d.Client.BuildOpts().LLBCaps
	return caps.Supports(pb.CapMergeOp) == nil && caps.Supports(pb.CapDiffOp) == nil
}

// FirstPlatform is the platform that questions about the build file are answered for.
func (d *Daemon) FirstPlatform() ocispecs.Platform {
	isNative := func(p ocispecs.Platform) bool { return platforms.OnlyStrict(d.Platform).Match(p) }
	if d.Declared && slices.ContainsFunc(d.UI.TargetPlatforms, isNative) {
		return d.Platform
	}
	return platforms.Normalize(d.UI.TargetPlatforms[0])
}
