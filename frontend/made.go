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
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/patternmatcher"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// suspects are the files that may be keys and data which programs left in the layers of an
// image: for each layer by their paths, with what is in them. nil says that nothing is
// known of a layer yet.
type suspects struct {
	layers []llb.Shipped
	files  []map[string][]byte
}

// newSuspects are those of an image, of which nothing is known yet. With a cache from
// elsewhere there are no layers: what is in it would be fetched to look.
func newSuspects(d *source.Daemon, lowered *llb.Result, skips func(rule string) bool) *suspects {
	if len(d.UI.CacheImports) > 0 || skips(lint.KeyMadeByScript) && skips(lint.DataMadeByScript) {
		return &suspects{}
	}
	return &suspects{lowered.Changed, make([]map[string][]byte, len(lowered.Changed))}
}

// isOut reports whether a layer is what a command shipped, which is small more often than
// not.
func isOut(l *plan.Layer) bool {
	a, ok := l.Action.(*plan.Exec)
	return ok && a.Out
}

// search looks for the files of those layers of which nothing is known.
func (f *suspects) search(q *question, of func(*plan.Layer) bool) {
	for i, one := range f.layers {
		if f.files[i] != nil || !of(one.Layer) {
			continue
		}
		q.add(llb.Search{Tree: one.State, Patterns: lint.SuspectPatterns()}, func(ctx context.Context, ref client.Reference, dir string, has []*types.Stat) (err error) {
			f.files[i], err = filesBelow(ctx, ref, dir, has, filter{skipsPackages: isOut(one.Layer)}, math.MaxInt)
			return err
		})
	}
}

// fewDirs is in how many directories of what a command shipped is looked by asking for each
// of them. More take longer than to have the daemon look for files by their names, which
// reads all of a tree once before.
const fewDirs = 32

// open finds the files of what commands shipped.
func (f *suspects) open(ctx context.Context, d *source.Daemon, opened *openedTrees) error {
	only, err := newFilter(lint.SuspectPatterns())
	if err != nil {
		return err
	}
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, one := range f.layers {
		if !isOut(one.Layer) {
			continue
		}
		group.Go(func() error {
			ref, err := opened.tree(looking, one)
			if err != nil {
				return err
			}
			f.files[i], err = filesBelow(looking, ref, "/", nil, only, fewDirs)
			if errors.Is(err, errManyDirs) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("look for keys and data in a layer: %w", err)
	}
	var q question
	f.search(&q, isOut)
	if err := q.send(ctx, d); err != nil {
		return err
	}
	return q.read(ctx)
}

// warnings are those of the rules about such files.
func (f *suspects) warnings(s *spec.Spec) []*spec.Error {
	var found []*spec.Error
	for i, one := range f.layers {
		found = append(found, lint.Made(s, one.Layer, f.files[i])...)
	}
	return found
}

// errManyDirs says that a tree has more directories than are looked into.
var errManyDirs = errors.New("too many directories")

// filter says which files are of interest.
type filter struct {
	// patterns are theirs; nil for all. last are the last parts of the patterns, of which a
	// path has one in it if it matches: they need no regular expressions.
	patterns *patternmatcher.PatternMatcher
	last     []string
	// skipsPackages leaves out where packages of a language are: they bring examples and
	// tests of their own.
	skipsPackages bool
}

// newFilter is for what a command shipped.
func newFilter(patterns []string) (filter, error) {
	matcher, err := patternmatcher.New(patterns)
	f := filter{patterns: matcher, skipsPackages: true}
	for _, pattern := range patterns {
		f.last = append(f.last, path.Base(pattern))
	}
	return f, err
}

// wants reports whether a file is of interest by its name.
func (f filter) wants(file string) bool {
	if f.patterns == nil {
		return true
	}
	file = strings.TrimPrefix(file, "/")
	if !slices.ContainsFunc(strings.Split(file, "/"), f.mayEnd) {
		return false
	}
	is, err := f.patterns.MatchesOrParentMatches(file)
	return is || err != nil
}

// mayEnd reports whether what matches may end with a name.
func (f filter) mayEnd(name string) bool {
	return slices.ContainsFunc(f.last, func(last string) bool { is, err := path.Match(last, name); return is || err != nil })
}

// filesBelow are the plain files of interest below a directory, by their paths in it. Its
// entries are read if they are nil. A nil reference is an empty tree.
func filesBelow(ctx context.Context, ref client.Reference, above string, has []*types.Stat, only filter, most int) (map[string][]byte, error) {
	files := map[string][]byte{}
	if ref == nil {
		return files, nil
	}
	dirs := []string{above}
	for n := 0; n < len(dirs); n++ {
		if n == most {
			return nil, errManyDirs
		}
		if n > 0 || has == nil {
			var err error
			if has, err = ref.ReadDir(ctx, client.ReadDirRequest{Path: dirs[n]}); err != nil {
				return nil, err
			}
		}
		for _, st := range has {
			name := path.Join(dirs[n], path.Base(st.Path))
			switch mode := fs.FileMode(st.Mode); {
			case mode.IsDir() && only.skipsPackages && lint.HasOnlyPackages(path.Base(name)):
			case mode.IsDir():
				dirs = append(dirs, name)
			case mode&os.ModeType == 0 && only.wants(name):
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
