// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// errNoStorePath says that an exported store lacks a path that its description
// has.
var errNoStorePath = errors.New("it isn't in the store")

// storeSource is the tree that an exported store lies in.
func (img *image) storeSource(ctx context.Context, src *plan.StoreSource) (bk.State, error) {
	if src.Build == nil {
		st, err := img.tree(ctx, src.From)
		return restart(st), err
	}
	if img.Built != nil {
		if st, ok := img.Built(src.Build); ok {
			return st, nil
		}
	}
	return img.buildStore(ctx, src.Build)
}

// isLink tells whether a path of the exported store is a symbolic link.
func (s *storeLayer) isLink(ctx context.Context, file string) (bool, error) {
	stats, err := s.Prober.ReadDir(ctx, s.from, path.Dir(file))
	if err != nil {
		return false, err
	}
	for _, stat := range stats {
		if path.Base(stat.Path) == path.Base(file) {
			return os.FileMode(stat.Mode)&os.ModeSymlink != 0, nil
		}
	}
	return false, fmt.Errorf("find %s: %w", path.Base(file), errNoStorePath)
}

// BuildStore is the tree that a build of Nix exports, for a look into it while a
// plan is made.
func BuildStore(ctx context.Context, a *plan.Exec, o Options) (bk.State, error) {
	l := &lowering{Options: o, images: map[*plan.Image]*image{}, plan: &plan.Plan{}, trees: map[string]bk.State{}}
	img := &image{lowering: l, plan: &plan.Image{Target: "default", Platform: a.Platform, Range: a.Range}}
	return img.buildStore(ctx, a)
}

// buildStore runs Nix.
func (img *image) buildStore(ctx context.Context, a *plan.Exec) (bk.State, error) {
	c := &command{image: img, Exec: a, name: img.prefix("build with Nix"), layer: &plan.Layer{Range: a.Range}}
	root, err := img.tree(ctx, a.From)
	if err != nil {
		return bk.State{}, err
	}
	opts, err := c.runOptions(ctx)
	if err != nil {
		return bk.State{}, err
	}
	run := restart(root).Run(append(opts, bk.Args(a.Args))...)
	return restart(run.AddMount(plan.OutDir, bk.Scratch())), nil
}

// ScanStore is a tree with the file "registration", which describes the paths
// of the on-disk store in the folder dir of a tree.
func ScanStore(st bk.State, dir, store, content string, o Options) (bk.State, error) {
	img := &image{lowering: &lowering{Options: o}, plan: &plan.Image{Target: "default"}}
	args := []string{"scan", "--store", store}
	if content != "" {
		args = append(args, "--content", content)
	}
	return img.helperStep("[internal] look for references in the store", append(args, "/in", "/out"),
		bk.AddMount("/in", st, append(subPath(dir), bk.Readonly)...))
}
