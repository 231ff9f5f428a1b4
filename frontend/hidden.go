// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path"
	"slices"

	"github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// searchHidden looks for files that configuration files of later packages hide. With a
// cache from elsewhere nothing is known: what is in it would be fetched to look.
func (l *looks) searchHidden() {
	if len(l.request.daemon.UI.CacheImports) > 0 {
		return
	}
	for i := range l.lowered.Hidden {
		in := &l.lowered.Hidden[i]
		l.asked.add(in.Search(), func(ctx context.Context, ref client.Reference, dir string) error {
			files, err := filesBelow(ctx, ref, dir, nil, math.MaxInt)
			for _, file := range slices.Sorted(maps.Keys(files)) {
				l.hidden = append(l.hidden, l.spec.Errorf(entryOf(in.Layer, file).Start, plan.HidesFile, in.By[file], file))
			}
			return err
		})
	}
}

// searchOverlaps looks for files of packages at places where entries of files put some, too.
// With a cache from elsewhere nothing is known, as of what is hidden.
func (l *looks) searchOverlaps() {
	if len(l.request.daemon.UI.CacheImports) > 0 || l.request.warnings.config.Skips(lint.HiddenFile) {
		return
	}
	for i := range l.lowered.Overlaps {
		o := &l.lowered.Overlaps[i]
		l.asked.add(o.Search(), func(ctx context.Context, ref client.Reference, dir string) error {
			for _, at := range slices.Sorted(maps.Keys(o.Entries)) {
				is, err := isFile(ctx, ref, path.Join(dir, at))
				if err != nil {
					return err
				}
				if is {
					l.overlaps(o, o.Entries[at], at)
				}
			}
			return nil
		})
	}
}

// overlaps warns of an entry that is put where packages have a file. Of their configuration
// files was warned when the plan was made.
func (l *looks) overlaps(o *llb.Overlap, entry *plan.Entry, at string) {
	var e *spec.Error
	switch line := o.Layer.Range.Start.Line; {
	case !o.Later:
		e = l.spec.Errorf(entry.Range.Start, "%s replaces what line %d puts there", at, line)
	case l.lock.HasConffile(at):
		return
	default:
		e = l.spec.Errorf(entry.Range.Start, "the packages of line %d have %s as well and come later, so that theirs wins", line, at).
			WithHint("put this layer after the packages")
	}
	e.Rule = lint.HiddenFile
	l.hidden = append(l.hidden, e)
}

// isFile reports whether something other than a directory has a path.
func isFile(ctx context.Context, ref client.Reference, at string) (bool, error) {
	st, err := ref.StatFile(ctx, client.StatRequest{Path: at})
	switch {
	case errors.Is(fault.NotExist(err), fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for files of packages: %w", err)
	default:
		return !os.FileMode(st.Mode).IsDir(), nil
	}
}
