// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"errors"
	"os"
	"path"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// storeSource is the tree that an exported store lies in.
func (img *image) storeSource(ctx context.Context, src *plan.StoreSource, layer *plan.Layer) (bk.State, error) {
	if src.Build == nil {
		st, err := img.tree(ctx, src.From)
		return restart(st), err
	}
	return bk.State{}, errors.New("TODO")
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
	return false, nil
}
