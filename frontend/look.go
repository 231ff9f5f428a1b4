// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

var _ strategy.Looker = (*sources)(nil)

// Look opens what of a tree matches patterns. The image so far, and targets, are
// built for it as far as they are needed.
func (s *sources) Look(ctx context.Context, p *plan.Plan, t plan.Tree, patterns []string) (strategy.Files, error) {
	st, err := s.lookState(ctx, p, t, patterns)
	if err != nil {
		return nil, err
	}
	ref, err := s.prober.ref(ctx, st)
	if err != nil {
		return nil, err
	}
	return &openTree{ref: ref}, nil
}

func (s *sources) lookState(ctx context.Context, p *plan.Plan, t plan.Tree, patterns []string) (bk.State, error) {
	switch t.Kind {
	case plan.Scratch:
		return bk.Scratch(), nil
	case plan.Layers, plan.Target:
		if t.Kind == plan.Target {
			p = upTo(p, t)
		}
		lowered, err := s.lower(ctx, p, s)
		if err != nil {
			return bk.State{}, err
		}
		return llb.Look(lowered.State, patterns), nil
	case plan.Main:
		st, err := s.ui.MainContext(ctx, bk.FollowPaths(patterns))
		if err != nil {
			return bk.State{}, err
		}
		return *st, nil
	default:
		st, err := s.Tree(ctx, t)
		if err != nil {
			return bk.State{}, err
		}
		return llb.Look(st, patterns), nil
	}
}

// upTo is the part of a plan that makes a target.
func upTo(p *plan.Plan, t plan.Tree) *plan.Plan {
	i := slices.Index(p.Images, p.Image(t.Name, t.Platform))
	return &plan.Plan{Platform: t.Platform, Images: p.Images[:i+1]}
}

// openTree is a tree that was looked into; it has no ref when it is empty.
type openTree struct{ ref client.Reference }

// ReadFile returns a file's content.
func (o *openTree) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if o.ref == nil {
		return nil, fs.ErrNotExist
	}
	data, err := readWhole(ctx, o.ref, name)
	return data, notExist(err)
}

// ReadDir returns the names in a folder.
func (o *openTree) ReadDir(ctx context.Context, dir string) ([]string, error) {
	if o.ref == nil {
		return nil, nil
	}
	stats, err := o.ref.ReadDir(ctx, client.ReadDirRequest{Path: dir})
	if err = notExist(err); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(stats))
	for _, st := range stats {
		names = append(names, path.Base(st.Path))
	}
	slices.Sort(names)
	return names, err
}
