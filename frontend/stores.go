// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

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

var _ strategy.Stores = (*sources)(nil)

// Open opens an exported store. What a local folder gives for it is kept apart
// from what a build uses of the folder.
func (s *sources) Open(ctx context.Context, src *plan.StoreSource, patterns ...string) (tree.Tree, error) {
	st, err := s.openStore(ctx, src, patterns)
	if err != nil {
		return nil, err
	}
	return s.prober.open(ctx, st)
}

func (s *sources) openStore(ctx context.Context, src *plan.StoreSource, patterns []string) (bk.State, error) {
	if src.Build != nil {
		st, err := llb.BuildStore(ctx, src.Build, s.options(s))
		s.built[src.Build] = st
		return st, err
	}
	opts := []bk.LocalOption{bk.SharedKeyHint(storeKey(src, patterns)), bk.WithCustomName("[internal] look into the store")}
	if len(patterns) > 0 {
		opts = append(opts, bk.IncludePatterns(patterns))
	}
	if src.From.Kind == plan.Main {
		st, err := s.ui.MainContext(ctx, opts...)
		if err != nil {
			return bk.State{}, fmt.Errorf("load the build context: %w", err)
		}
		return *st, nil
	}
	p, err := platforms.Parse(src.From.Platform)
	if err != nil {
		return bk.State{}, fmt.Errorf("parse platform %q: %w", src.From.Platform, err)
	}
	nc, err := s.ui.NamedContext(src.From.Name, dockerui.ContextOpt{
		Platform: &p, ResolveMode: s.ui.ImageResolveMode.String(),
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
		return s.Tree(ctx, src.From)
	}
	return *st, nil
}

// storeKey names what of a folder is transferred, so that BuildKit keeps each
// selection.
func storeKey(src *plan.StoreSource, patterns []string) string {
	return "strata-store-" + src.From.Name + "-" + digest.FromString(strings.Join(patterns, "\n")).Encoded()[:12]
}

// Scan runs the step helper over an on-disk store.
func (s *sources) Scan(ctx context.Context, src *plan.StoreSource, scan strategy.StoreScan) ([]byte, error) {
	var all []string
	if dir := strings.Trim(scan.Dir, "/"); dir != "" {
		all = append(all, dir)
	}
	st, err := s.openStore(ctx, src, all)
	if err != nil {
		return nil, err
	}
	scanned, err := llb.ScanStore(st, scan.Dir, scan.Store, scan.Content, s.options(s))
	if err != nil {
		return nil, err
	}
	return s.prober.ReadFile(ctx, scanned, "/registration")
}

// builtStore is what a build of Nix made while the plan was made.
func (s *sources) builtStore(e *plan.Exec) (bk.State, bool) {
	st, ok := s.built[e]
	return st, ok
}
