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

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// errNoStorePath says that an exported store lacks a path that its description
// has.
var errNoStorePath = errors.New("it isn't in the store")

// storeSource is the tree that an exported store lies in.
func (l *lowering) storeSource(ctx context.Context, ops *op.Maker, src *plan.StoreSource) (bk.State, error) {
	if src.Build == nil {
		st, err := l.tree(ctx, src.From)
		return op.Restart(st), err
	}
	if l.opt.Built != nil {
		if st, ok := l.opt.Built(src.Build); ok {
			return st, nil
		}
	}
	return l.buildStore(ctx, ops, src.Build)
}

// isLink reports whether a path of the exported store is a symbolic link.
func (s *storeInputs) isLink(ctx context.Context, file string) (bool, error) {
	stats, err := s.prober.ReadDir(ctx, s.from, path.Dir(file))
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
	l := newLowering(&plan.Plan{}, o)
	return l.buildStore(ctx, l.ops(&plan.Image{Target: spec.DefaultTarget, Platform: a.Platform}), a)
}

// buildStore runs Nix.
func (l *lowering) buildStore(ctx context.Context, ops *op.Maker, a *plan.Exec) (bk.State, error) {
	root, err := l.tree(ctx, a.From)
	if err != nil {
		return bk.State{}, err
	}
	c := l.command(ops, &plan.Layer{Range: a.Range}, a, ops.Name("build with Nix"))
	opts, err := c.runOptions(ctx)
	if err != nil {
		return bk.State{}, err
	}
	run := op.Restart(root).Run(append(opts, bk.Args(a.Args))...)
	return op.Restart(run.AddMount(plan.OutDir, bk.Scratch())), nil
}

// ScanStore is a tree with the file "registration", which describes the paths
// of the on-disk store in the directory dir of a tree.
func ScanStore(st bk.State, dir, store, content string, o Options) (bk.State, error) {
	args := []string{"scan", "--store", store}
	if content != "" {
		args = append(args, "--content", content)
	}
	return o.ops().Tree("[internal] look for references in the store", append(args, "/in", "/out"),
		bk.AddMount("/in", st, append(subPath(dir), bk.Readonly)...))
}
