// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// overlaps are warnings of files layers that have something where packages have a file. With
// a cache from elsewhere nothing is known, as of what is hidden. What both have is compared
// directory by directory, and only in those that both have.
func (l *looks) overlaps(ctx context.Context) ([]*spec.Error, error) {
	if len(l.request.daemon.UI.CacheImports) > 0 || l.request.warnings.config.Skips(lint.HiddenFile) {
		return nil, nil
	}
	trees := map[*llb.Shipped]func() (client.Reference, error){}
	for _, o := range l.lowered.Overlaps {
		for _, tree := range []*llb.Shipped{o.Files, o.Packages} {
			if trees[tree] == nil {
				trees[tree] = sync.OnceValues(func() (client.Reference, error) { return l.request.daemon.Solve(ctx, tree.State) })
			}
		}
	}
	found := make([][]*spec.Error, len(l.lowered.Overlaps))
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i := range l.lowered.Overlaps {
		o := &l.lowered.Overlaps[i]
		group.Go(func() error {
			paths, err := l.inBoth(looking, o, trees[o.Files], trees[o.Packages])
			if err != nil {
				return fmt.Errorf("look for files of packages: %w", err)
			}
			found[i] = l.overlapping(o, paths)
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// inBoth are the files and links of a files layer at whose places packages have something,
// too, and had it still when the layer came.
func (l *looks) inBoth(ctx context.Context, o *llb.Overlap, files, packages func() (client.Reference, error)) ([]string, error) {
	above, err := files()
	if err != nil || above == nil {
		return nil, err
	}
	below, err := packages()
	if err != nil || below == nil {
		return nil, err
	}
	paths, err := sameFiles(ctx, o, above, below)
	if err != nil || len(paths) == 0 || o.Seen.Output() == nil {
		return paths, err
	}
	seen, err := l.request.daemon.Solve(ctx, o.Seen)
	if err != nil {
		return nil, err
	}
	var still []string
	for _, at := range paths {
		in, err := entriesOf(ctx, seen, path.Dir(at))
		if err != nil {
			return nil, err
		}
		if in[path.Base(at)] != nil {
			still = append(still, at)
		}
	}
	return still, nil
}

// sameFiles are the places that two trees have something at, where that isn't a directory
// in both, nor the same link.
func sameFiles(ctx context.Context, o *llb.Overlap, files, packages client.Reference) ([]string, error) {
	var out []string
	dirs := []string{"/"}
	for n := 0; n < len(dirs); n++ {
		mine, err := entriesOf(ctx, files, dirs[n])
		if err != nil {
			return nil, err
		}
		theirs, err := entriesOf(ctx, packages, dirs[n])
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(mine)) {
			at, my, their := path.Join(dirs[n], name), mine[name], theirs[name]
			myDir, theirDir := os.FileMode(my.Mode).IsDir(), their != nil && os.FileMode(their.Mode).IsDir()
			switch {
			case their == nil || isLink(my) && isLink(their) && my.Linkname == their.Linkname:
			case myDir && theirDir:
				if o.WantsBelow(at) {
					dirs = append(dirs, at)
				}
			case myDir || o.Wants(at):
				out = append(out, at)
			}
		}
	}
	return out, nil
}

func isLink(st *fstypes.Stat) bool { return os.FileMode(st.Mode)&os.ModeSymlink != 0 }

// entriesOf is what is in a directory, by its names. One that isn't there has nothing.
func entriesOf(ctx context.Context, ref client.Reference, dir string) (map[string]*fstypes.Stat, error) {
	stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dir})
	if err = fault.NotExist(err); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	out := make(map[string]*fstypes.Stat, len(stats))
	for _, st := range stats {
		out[path.Base(st.Path)] = st
	}
	return out, nil
}

// overlapping warns of what a files layer puts where packages have something: once for
// each entry. Of the packages' configuration files was warned when the plan was made.
func (l *looks) overlapping(o *llb.Overlap, paths []string) []*spec.Error {
	by := map[spec.Range][]string{}
	var entries []spec.Range
	for _, at := range paths {
		if o.Later && l.lock.HasConffile(at) {
			continue
		}
		entry := putBy(o.Files.Layer, at)
		if by[entry] == nil {
			entries = append(entries, entry)
		}
		by[entry] = append(by[entry], at)
	}
	var found []*spec.Error
	for _, entry := range entries {
		e := l.spec.Errorf(entry.Start, "%s", overlapWords(o, by[entry]))
		if o.Later {
			e = e.WithHint("put this layer after the packages")
		}
		e.Rule = lint.HiddenFile
		found = append(found, e)
	}
	return found
}

func overlapWords(o *llb.Overlap, paths []string) string {
	const most = 3
	words, line, s := paths, o.Packages.Layer.Range.Start.Line, "s"
	if len(paths) > most {
		words = append(slices.Clone(paths[:most]), fmt.Sprintf("%d more", len(paths)-most))
	}
	if len(paths) > 1 {
		s = ""
	}
	if o.Later {
		return fmt.Sprintf("the packages of line %d have %s as well and come later, so that theirs win%s", line, spell.List(words, "and"), s)
	}
	return fmt.Sprintf("%s replace%s what line %d puts there", spell.List(words, "and"), s, line)
}

// putBy are the lines of the entry of a files layer that has put a path, likely: one that
// names it, or else what is copied to the nearest place above it. /bin and others may be
// links into /usr.
func putBy(l *plan.Layer, at string) spec.Range {
	spelled := []string{at, "/usr" + at}
	if rest, ok := strings.CutPrefix(at, "/usr/"); ok {
		spelled = []string{at, "/" + rest}
	}
	best, lines := -1, l.Range
	files, _ := l.Action.(*plan.Files)
	for i := 0; files != nil && i < len(files.Entries); i++ {
		e := &files.Entries[i]
		for _, at := range spelled {
			if n := e.Puts(at); n > 0 && n >= best {
				best, lines = n, e.Range
			}
		}
	}
	return lines
}
