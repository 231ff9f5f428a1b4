// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"slices"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// hollow says which directories of the client are sent as names alone, with the content of
// some of their files. Its zero value is none.
type hollow struct {
	names []string
	// files are patterns of path.Match, followed through links.
	files []string
}

// hollowed is a directory of the client as names alone. Of another tree, and for a daemon
// that can't do it, it makes nothing else.
func (t *Trees) hollowed(ctx context.Context, in plan.Tree, src *found) (*found, error) {
	caps := t.finder.daemon.Client.BuildOpts().LLBCaps
	if !slices.Contains(t.hollow.names, in.Name) || src.image != nil || caps.Supports(pb.CapSourceMetadataTransfer) != nil {
		return src, nil
	}
	def, err := t.finder.daemon.Marshal(ctx, src.state)
	if err != nil || !isLocal(def) {
		return src, err
	}
	load := func(opts ...bk.LocalOption) (*found, error) {
		return t.finder.loadNamed(ctx, in, func() []bk.LocalOption { return opts })
	}
	names, err := load(bk.MetadataOnlyTransfer(nil), bk.WithCustomName("[internal] list the names in the base"))
	if err != nil {
		return nil, err
	}
	content, err := load(bk.FollowPaths(t.hollow.files), bk.SharedKeyHint(sharedKey("look", in.Name, t.hollow.files)))
	if err != nil {
		return nil, err
	}
	st, err := llb.Hollow(names.state, content.state, t.lowering)
	return &found{tree: src.tree, state: st}, err
}
