// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/json"
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

// stores are the stores of a build file: exported ones, and those that Nix builds.
type stores struct {
	trees *Trees
	// built are the trees of builds of Nix.
	built map[*plan.Exec]bk.State
}

var _ strategy.Stores = (*stores)(nil)

// Stores are the stores that the build file names.
func (t *Trees) Stores() strategy.Stores { return t.stores }

// Open opens an exported store. What a local directory gives for it is kept apart
// from what a build uses of the directory.
func (s *stores) Open(ctx context.Context, src *plan.StoreSource, patterns ...string) (tree.Tree, error) {
	st, err := s.open(ctx, src, patterns)
	if err != nil {
		return nil, err
	}
	return s.trees.finder.prober.Open(ctx, st)
}

func (s *stores) open(ctx context.Context, src *plan.StoreSource, patterns []string) (bk.State, error) {
	if src.Build != nil {
		st, err := llb.BuildStore(ctx, src.Build, s.trees.lowering)
		s.built[src.Build] = st
		return st, err
	}
	opts := []bk.LocalOption{bk.SharedKeyHint(sharedKey("store", src.From.Name, patterns)), bk.WithCustomName("[internal] look into the store")}
	if len(patterns) > 0 {
		opts = append(opts, bk.IncludePatterns(patterns))
	}
	if src.From.Kind == plan.Main {
		st, err := s.trees.finder.daemon.UI.MainContext(ctx, opts...)
		if err != nil {
			return bk.State{}, fmt.Errorf("load the build context: %w", err)
		}
		return *st, nil
	}
	p, err := platforms.Parse(src.From.Platform)
	if err != nil {
		return bk.State{}, fmt.Errorf("parse platform %q: %w", src.From.Platform, err)
	}
	nc, err := s.trees.finder.daemon.UI.NamedContext(src.From.Name, dockerui.ContextOpt{
		Platform: &p, ResolveMode: s.trees.finder.daemon.UI.ImageResolveMode.String(),
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
		return s.trees.Tree(ctx, src.From)
	}
	return *st, nil
}

// sharedKey names what of a directory is transferred for some purpose, so that BuildKit
// keeps each selection.
func sharedKey(purpose, directory string, patterns []string) string {
	return "strata-" + purpose + "-" + directory + "-" + digest.FromString(strings.Join(patterns, "\n")).Encoded()[:12]
}

// Scan runs the step helper over an on-disk store.
func (s *stores) Scan(ctx context.Context, src *plan.StoreSource, scan strategy.StoreScan) ([]byte, error) {
	var all []string
	if dir := strings.Trim(scan.Dir, "/"); dir != "" {
		all = append(all, dir)
	}
	st, err := s.open(ctx, src, all)
	if err != nil {
		return nil, err
	}
	scanned, err := llb.ScanStore(st, scan.Dir, scan.Store, scan.Content, s.trees.lowering)
	if err != nil {
		return nil, err
	}
	return s.trees.finder.prober.readFile(ctx, scanned, "/registration")
}

// Infos runs the step helper with the network.
func (s *stores) Infos(ctx context.Context, ask strategy.StoreInfos) (map[string]string, error) {
	st, err := llb.StoreInfos(ask.Target, ask.Caches, ask.Paths, s.trees.lowering)
	if err != nil {
		return nil, err
	}
	data, err := s.trees.finder.prober.readFile(ctx, st, llb.Infos)
	if err != nil {
		return nil, err
	}
	var texts map[string]string
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, fmt.Errorf("read what binary caches say: %w", err)
	}
	return texts, nil
}

// made is what a build of Nix made while the plan was made.
func (s *stores) made(e *plan.Exec) (bk.State, bool) {
	st, ok := s.built[e]
	return st, ok
}
