// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// looksAtOnce is how many trees are looked into side by side.
const looksAtOnce = 8

// refuseDeletions fails if a source brought a name that an image's layer would take for
// a deletion. With a cache from elsewhere a layer may have to be fetched to look, so it
// is looked into only if there may be such a name.
func refuseDeletions(ctx context.Context, d *source.Daemon, s *spec.Spec, made *llb.Result) error {
	local := sync.OnceValue(func() bool { return d.MayHave(ctx, plan.Deletion) })
	found := make([]string, len(made.Copied))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, copied := range made.Copied {
		if len(d.UI.CacheImports) > 0 && !mayDelete(copied.Layer, local) {
			continue
		}
		group.Go(func() (err error) {
			found[i], err = findDeletion(ctx, d, llb.Deletions(copied.State))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, name := range found {
		if name != "" {
			return s.Errorf(entryOf(made.Copied[i].Layer, name).Start, "a source has %q: names that begin with %s mean deletions in an image's layer; rename it, or leave it out with `exclude`",
				name, plan.Deletion)
		}
	}
	return nil
}

// mayDelete reports whether a source of a layer may have a name that means a deletion: an
// image has none, and an archive that had one was not unpacked.
func mayDelete(l *plan.Layer, local func() bool) bool {
	files, ok := l.Action.(*plan.Files)
	if !ok {
		return true
	}
	return slices.ContainsFunc(files.Entries, func(e plan.Entry) bool {
		switch {
		case e.Extract:
			return false
		case e.Git != nil:
			return true
		case e.Copy == nil:
			return false
		case e.Copy.From.Kind == plan.Main:
			return local()
		default:
			return e.Copy.From.Kind != plan.Registry
		}
	})
}

// findDeletion is the first path of a state that means a deletion; empty if there is
// none.
func findDeletion(ctx context.Context, d *source.Daemon, st bk.State) (string, error) {
	ref, err := d.Solve(ctx, st)
	if err != nil || ref == nil {
		return "", err
	}
	for dir := "/"; ; {
		stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dir})
		if err != nil {
			return "", fmt.Errorf("look for names that mean deletions: %w", err)
		}
		if len(stats) == 0 {
			return "", nil
		}
		dir = path.Join(dir, path.Base(stats[0].Path))
		if strings.HasPrefix(path.Base(dir), plan.Deletion) {
			return dir, nil
		}
	}
}

// entryOf are the lines of the entry that a path is likely of: the one whose place is
// nearest above it.
func entryOf(l *plan.Layer, p string) spec.Range {
	best, lines := -1, l.Range
	files, _ := l.Action.(*plan.Files)
	if files == nil {
		return lines
	}
	for _, e := range files.Entries {
		above := strings.TrimSuffix(e.Dest, "/") + "/"
		if (e.Copy != nil || e.Git != nil || e.Extract) && strings.HasPrefix(p, above) && len(above) >= best {
			best, lines = len(above), e.Range
		}
	}
	return lines
}
