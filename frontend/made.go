// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/patternmatcher"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
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

// fewDirs is in how many directories of what a command shipped is looked by asking for each
// of them. More take longer than to have the daemon look for files by their names, which
// reads all of a tree once before.
const fewDirs = 32

// suspects are the files of a layer that are looked at, by their paths with what is in
// them.
func suspects(ctx context.Context, d *source.Daemon, changed llb.Shipped) (map[string][]byte, error) {
	if a, ok := changed.Layer.Action.(*plan.Exec); ok && a.Out {
		names, err := patternmatcher.New(lint.SuspectPatterns())
		if err != nil {
			return nil, err
		}
		files, err := filesOf(ctx, d, changed.State, names, fewDirs)
		if !errors.Is(err, errManyDirs) {
			return files, err
		}
	}
	return filesOf(ctx, d, llb.Suspects(changed.State, lint.SuspectPatterns()), nil, math.MaxInt)
}

// errManyDirs says that a tree has more directories than are looked into.
var errManyDirs = errors.New("too many directories")

// filesOf are the plain files of a tree that match patterns, or all of them. Where packages
// of a language are nothing is looked for: they bring examples and tests of their own.
func filesOf(ctx context.Context, d *source.Daemon, in bk.State, names *patternmatcher.PatternMatcher, most int) (map[string][]byte, error) {
	files := map[string][]byte{}
	ref, err := d.Solve(ctx, in)
	if err != nil || ref == nil {
		return files, err
	}
	dirs := []string{"/"}
	for n := 0; n < len(dirs); n++ {
		if n == most {
			return nil, errManyDirs
		}
		stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dirs[n]})
		if err != nil {
			return nil, err
		}
		for _, st := range stats {
			name := path.Join(dirs[n], path.Base(st.Path))
			switch mode := fs.FileMode(st.Mode); {
			case mode.IsDir() && names != nil && lint.HasOnlyPackages(path.Base(name)):
			case mode.IsDir():
				dirs = append(dirs, name)
			case mode&os.ModeType == 0 && isWanted(names, name):
				if files[name], err = ref.ReadFile(ctx, client.ReadRequest{Filename: name, Range: &client.FileRange{Length: lint.SuspectSize}}); err != nil {
					return nil, err
				}
			}
		}
	}
	return files, nil
}

// isWanted reports whether a file matches patterns; without any, each does.
func isWanted(names *patternmatcher.PatternMatcher, file string) bool {
	if names == nil {
		return true
	}
	is, err := names.MatchesOrParentMatches(strings.TrimPrefix(file, "/"))
	return is || err != nil
}
