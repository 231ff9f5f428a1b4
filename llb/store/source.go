// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// errNoStorePath says that an exported store lacks a path that its description
// has.
var errNoStorePath = errors.New("it isn't in the store")

// source is the tree that an exported store lies in.
func (u *Unpacker) source(ctx context.Context, ops *op.Maker, src *plan.StoreSource) (bk.State, error) {
	if src.Build == nil {
		st, err := u.Trees(ctx, src.From)
		return op.Restart(st), err
	}
	if u.Built != nil {
		if st, ok := u.Built(src.Build); ok {
			return st, nil
		}
	}
	return u.Build(ctx, ops, src.Build)
}

// isLink reports whether a path of the exported store is a symbolic link.
func (in *inputs) isLink(ctx context.Context, file string) (bool, error) {
	stats, err := in.prober.List(ctx, in.from, path.Dir(file))
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

// Build is the tree that a build of Nix exports.
func (u *Unpacker) Build(ctx context.Context, ops *op.Maker, a *plan.Exec) (bk.State, error) {
	return u.Runner.Command(ops, &plan.Layer{Range: a.Range}, a, ops.Name("build with Nix")).Output(ctx)
}

// Scan is a tree with the file "registration", which describes the paths of the
// on-disk store in the directory dir of a tree. store is the store's path in an
// image, and content the archive's name of what is scanned, or empty.
func Scan(ops *op.Maker, st bk.State, dir, store, content string) (bk.State, error) {
	c := call.Scan{Store: store, Content: content, Source: "/in", Out: "/out"}
	return ops.Tree("[internal] look for references in the store", c.Args(),
		bk.AddMount("/in", st, append(op.SubPath(dir), bk.Readonly)...))
}
