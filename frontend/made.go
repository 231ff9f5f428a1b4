// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/spec"
)

// made warns of keys and data that programs left in the layers of the image. With a
// cache from elsewhere nothing is known: what is in it would be fetched to look.
func (w *warnings) made(ctx context.Context, d *source.Daemon, s *spec.Spec, lowered *llb.Result) error {
	if len(d.UI.CacheImports) > 0 {
		return nil
	}
	found := make([][]*spec.Error, len(lowered.Changed))
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, changed := range lowered.Changed {
		group.Go(func() error {
			files, err := suspects(looking, d, changed)
			if err != nil {
				return fmt.Errorf("look for keys and data in a layer: %w", err)
			}
			found[i] = lint.Made(s, changed.Layer, files)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, some := range found {
		each(some, w.at(ctx))
	}
	return nil
}

// suspects are the files of a layer that are looked at, by their paths with what is in
// them.
func suspects(ctx context.Context, d *source.Daemon, changed llb.Shipped) (map[string][]byte, error) {
	files := map[string][]byte{}
	ref, err := d.Solve(ctx, llb.Suspects(changed.State, lint.SuspectPatterns()))
	if err != nil || ref == nil {
		return files, err
	}
	for dirs := []string{"/"}; len(dirs) > 0; dirs = dirs[1:] {
		stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dirs[0]})
		if err != nil {
			return nil, err
		}
		for _, st := range stats {
			name := path.Join(dirs[0], path.Base(st.Path))
			switch mode := fs.FileMode(st.Mode); {
			case mode.IsDir():
				dirs = append(dirs, name)
			case mode&os.ModeType == 0:
				if files[name], err = ref.ReadFile(ctx, client.ReadRequest{Filename: name, Range: &client.FileRange{Length: lint.SuspectSize}}); err != nil {
					return nil, err
				}
			}
		}
	}
	return files, nil
}
