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

// made are warnings of keys and data that programs left in the layers of the image. With
// a cache from elsewhere nothing is known: what is in it would be fetched to look.
func made(ctx context.Context, d *source.Daemon, s *spec.Spec, lowered *llb.Result, opened *openedTrees, skips func(rule string) bool) ([]*spec.Error, error) {
	if len(d.UI.CacheImports) > 0 || skips(lint.KeyMadeByScript) && skips(lint.DataMadeByScript) {
		return nil, nil
	}
	files := make([]map[string][]byte, len(lowered.Changed))
	if err := suspectsOfOuts(ctx, lowered.Changed, opened, files); err != nil {
		return nil, fmt.Errorf("look for keys and data in a layer: %w", err)
	}
	if err := suspectsOfOthers(ctx, d, lowered.Changed, files); err != nil {
		return nil, fmt.Errorf("look for keys and data in a layer: %w", err)
	}
	var found []*spec.Error
	for i, changed := range lowered.Changed {
		found = append(found, lint.Made(s, changed.Layer, files[i])...)
	}
	return found, nil
}

// fewDirs is in how many directories of what a command shipped is looked by asking for each
// of them. More take longer than to have the daemon look for files by their names, which
// reads all of a tree once before.
const fewDirs = 32

// suspectsOfOuts finds the suspect files of what commands shipped: by their paths, with
// what is in them. Of a tree with many directories it finds nothing, not even an empty map.
func suspectsOfOuts(ctx context.Context, changed []llb.Shipped, opened *openedTrees, files []map[string][]byte) error {
	names, err := patternmatcher.New(lint.SuspectPatterns())
	if err != nil {
		return err
	}
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, one := range changed {
		if a, ok := one.Layer.Action.(*plan.Exec); !ok || !a.Out {
			continue
		}
		group.Go(func() error {
			ref, err := opened.tree(looking, one)
			if err != nil {
				return err
			}
			files[i], err = filesBelow(looking, ref, "/", names, fewDirs)
			if errors.Is(err, errManyDirs) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// suspectsOfOthers finds the suspect files of the layers of which nothing is known yet,
// with one question to the daemon.
func suspectsOfOthers(ctx context.Context, d *source.Daemon, changed []llb.Shipped, files []map[string][]byte) error {
	trees, all := make([]bk.State, len(changed)), true
	for i, one := range changed {
		if trees[i] = bk.Scratch(); files[i] == nil {
			trees[i], all = one.State, false
		}
	}
	if all {
		return nil
	}
	ref, err := d.Solve(ctx, llb.Suspects(trees, lint.SuspectPatterns()))
	if err != nil || ref == nil {
		return err
	}
	parts, err := foundIn(ctx, ref)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if files[part], err = filesBelow(ctx, ref, llb.Part(part), nil, math.MaxInt); err != nil {
			return err
		}
	}
	return nil
}

// errManyDirs says that a tree has more directories than are looked into.
var errManyDirs = errors.New("too many directories")

// filesBelow are the plain files below a directory that match patterns, or all of them, by
// their paths in it. Where packages of a language are nothing is looked for: they bring
// examples and tests of their own. A nil reference is an empty tree.
func filesBelow(ctx context.Context, ref client.Reference, above string, names *patternmatcher.PatternMatcher, most int) (map[string][]byte, error) {
	files := map[string][]byte{}
	if ref == nil {
		return files, nil
	}
	dirs := []string{above}
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
				data, err := ref.ReadFile(ctx, client.ReadRequest{Filename: name, Range: &client.FileRange{Length: lint.SuspectSize}})
				if err != nil {
					return nil, err
				}
				files["/"+strings.TrimLeft(strings.TrimPrefix(name, above), "/")] = data
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
