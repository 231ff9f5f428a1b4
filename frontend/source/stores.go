// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

var _ strategy.Stores = (*Trees)(nil)

// Open opens an exported store. What a local directory gives for it is kept apart
// from what a build uses of the directory.
func (t *Trees) Open(ctx context.Context, src *plan.StoreSource, patterns ...string) (tree.Tree, error) {
	st, err := t.openStore(ctx, src, patterns)
	if err != nil {
		return nil, err
	}
	return t.finder.prober.Open(ctx, st)
}

func (t *Trees) openStore(ctx context.Context, src *plan.StoreSource, patterns []string) (bk.State, error) {
	if src.Build != nil {
		st, err := llb.BuildStore(ctx, src.Build, t.lowering)
		t.built[src.Build] = st
		return st, err
	}
	opts := []bk.LocalOption{bk.SharedKeyHint(sharedKey("store", src.From.Name, patterns)), bk.WithCustomName("[internal] look into the store")}
	if len(patterns) > 0 {
		opts = append(opts, bk.IncludePatterns(patterns))
	}
	if src.From.Kind == plan.Main {
		st, err := t.finder.daemon.UI.MainContext(ctx, opts...)
		if err != nil {
			return bk.State{}, fmt.Errorf("load the build context: %w", err)
		}
		return *st, nil
	}
	p, err := platforms.Parse(src.From.Platform)
	if err != nil {
		return bk.State{}, fmt.Errorf("parse platform %q: %w", src.From.Platform, err)
	}
	nc, err := t.finder.daemon.UI.NamedContext(src.From.Name, dockerui.ContextOpt{
		Platform: &p, ResolveMode: t.finder.daemon.UI.ImageResolveMode.String(),
		AsyncLocalOpts: func() []bk.LocalOption { return opts },
	})
	if err != nil || nc == nil {
		return bk.State{}, errors.Join(err, fmt.Errorf("there is no context of that name; give one with --build-context %s=PATH", src.From.Name))
	}
	st, _, err := nc.Load(ctx)
	if err != nil {
		return bk.State{}, fmt.Errorf("load context %s: %w", src.From.Name, err)
	}
	if st == nil {
		return t.Tree(ctx, src.From)
	}
	return *st, nil
}

// sharedKey names what of a directory is transferred for some purpose, so that BuildKit
// keeps each selection.
func sharedKey(purpose, directory string, patterns []string) string {
	return "strata-" + purpose + "-" + directory + "-" + digest.FromString(strings.Join(patterns, "\n")).Encoded()[:12]
}

// Scan runs the step helper over an on-disk store.
func (t *Trees) Scan(ctx context.Context, src *plan.StoreSource, scan strategy.StoreScan) ([]byte, error) {
	var all []string
	if dir := strings.Trim(scan.Dir, "/"); dir != "" {
		all = append(all, dir)
	}
	st, err := t.openStore(ctx, src, all)
	if err != nil {
		return nil, err
	}
	scanned, err := llb.ScanStore(st, scan.Dir, scan.Store, scan.Content, t.lowering)
	if err != nil {
		return nil, err
	}
	return t.finder.prober.readFile(ctx, scanned, "/registration")
}

// builtStore is what a build of Nix made while the plan was made.
func (t *Trees) builtStore(e *plan.Exec) (bk.State, bool) {
	st, ok := t.built[e]
	return st, ok
}

// Report is what the step of a store's layer says when it runs once more, in a way
// that ends well.
func (t *Trees) Report(ctx context.Context, p *plan.Plan, img *plan.Image, layer *plan.Layer) ([]byte, error) {
	st, err := llb.ReportStore(ctx, p, img, layer, t.lowering)
	if err != nil {
		return nil, err
	}
	return t.finder.prober.readFile(ctx, st, llb.Report)
}

// Unpack is what the step that unpacks an entry's archive says when it runs once more.
func (t *Trees) Unpack(ctx context.Context, p *plan.Plan, img *plan.Image, e *plan.Entry) ([]byte, error) {
	st, err := llb.ReportArchive(ctx, p, img, e, t.lowering)
	if err != nil {
		return nil, err
	}
	return t.finder.prober.readFile(ctx, st, llb.Report)
}
