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
	"github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// searchDeletions looks for names that an image's layer would take for deletions, in what
// sources brought, and directories and Dockerfiles that an image stands on: there may be
// none. With a cache from elsewhere a layer may have to be fetched to look, so it is looked
// into only if there may be such a name. It returns the layers that are made from the build
// context alone, which are looked into only if that has such a name.
func searchDeletions(ctx context.Context, q *question, d *source.Daemon, s *spec.Spec, p *plan.Plan, trees *source.Trees, made *llb.Result) ([]llb.Shipped, error) {
	for _, img := range p.Images {
		var st bk.State
		var err error
		hint := "rename it, or leave it out by the directory's .dockerignore"
		switch {
		case img.From.Kind == plan.Dockerfile:
			st, err = source.Above(ctx, trees, img.From)
			hint = "rename it in the Dockerfile"
		case trees.IsDirectory(img.From):
			st, err = trees.Tree(ctx, img.From)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		q.searchDeletion(s, st, img.From.Words(), hint, func(string) spec.Pos { return img.From.Pos })
	}
	return searchSources(ctx, q, d, s, trees, made.Copied), nil
}

// searchSources looks for such names in what sources brought, but for layers that are made
// from the build context alone: those it returns.
func searchSources(ctx context.Context, q *question, d *source.Daemon, s *spec.Spec, trees *source.Trees, copied []llb.Shipped) (fromContext []llb.Shipped) {
	local := sync.OnceValue(func() bool { return d.MayHave(ctx, plan.Deletion) })
	for _, one := range copied {
		switch {
		case len(d.UI.CacheImports) > 0 && !mayDelete(one.Layer, local, trees.IsDirectory):
		case len(d.UI.CacheImports) == 0 && isFromContext(one.Layer):
			fromContext = append(fromContext, one)
		default:
			q.searchSource(s, one)
		}
	}
	return fromContext
}

// searchSource looks for such a name in a layer that sources brought.
func (q *question) searchSource(s *spec.Spec, one llb.Shipped) {
	q.searchDeletion(s, one.State, "a source", "rename it, or leave it out with `exclude`",
		func(name string) spec.Pos { return putBy(one.Layer, name).Start })
}

// fewContextDirs is in how many directories of the context is looked by asking for each of
// them, as the daemon has it open already. Of more, it is asked for what has such a name.
const fewContextDirs = 8

// contextDeletes reports whether the build context may have such a name. No command has to
// run to know, so the answer is read while the image is built.
func contextDeletes(ctx context.Context, d *source.Daemon, trees *source.Trees) bool {
	st, err := trees.Tree(ctx, plan.Tree{Kind: plan.Main})
	if err != nil {
		return true
	}
	if has, err := hasDeletion(ctx, d.OpenLocal(ctx, st), fewContextDirs); err == nil {
		return has
	}
	has, q := false, question{}
	q.add(llb.Search{Tree: st, Patterns: deletions()}, func(context.Context, client.Reference, string, []*types.Stat) error {
		has = true
		return nil
	})
	if q.send(ctx, d) != nil || q.read(ctx) != nil {
		return true
	}
	return has
}

// hasDeletion reports whether a tree has such a name. An error may say that it has more
// directories than are looked into.
func hasDeletion(ctx context.Context, ref client.Reference, most int) (bool, error) {
	dirs := []string{"/"}
	for n := 0; n < len(dirs); n++ {
		if ref == nil || len(dirs) > most {
			return false, errManyDirs
		}
		stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dirs[n]})
		if err != nil {
			return false, err
		}
		for _, st := range stats {
			name := path.Base(st.Path)
			if strings.HasPrefix(name, plan.Deletion) {
				return true, nil
			}
			if st.IsDir() {
				dirs = append(dirs, path.Join(dirs[n], name))
			}
		}
	}
	return false, nil
}

// copiesContext reports whether a plan has layers that are made from the build context alone.
func copiesContext(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Images, func(img *plan.Image) bool {
		return slices.ContainsFunc(img.Layers, func(l plan.Layer) bool { return isFromContext(&l) })
	})
}

// isFromContext reports whether whatever isn't known by name in a layer is from the build
// context, as it is there.
func isFromContext(l *plan.Layer) bool {
	files, ok := l.Action.(*plan.Files)
	return ok && !slices.ContainsFunc(files.Entries, func(e plan.Entry) bool {
		return e.Extract || e.Git != nil || e.Copy != nil && e.Copy.From.Kind != plan.Main
	}) && slices.ContainsFunc(files.Entries, func(e plan.Entry) bool { return e.Copy != nil })
}

// deletions are .dockerignore patterns of names that mean deletions.
func deletions() []string { return []string{"**/" + plan.Deletion + "*"} }

// searchDeletion looks into one tree, which the error calls what; at is the place that asks
// for what has a name.
func (q *question) searchDeletion(s *spec.Spec, tree bk.State, what, hint string, at func(name string) spec.Pos) {
	q.add(llb.Search{Tree: tree, Patterns: deletions()}, func(ctx context.Context, ref client.Reference, dir string, _ []*types.Stat) error {
		name, err := findDeletion(ctx, ref, dir)
		if err != nil {
			return err
		}
		return s.Errorf(at(name), "%s has %q: names that begin with %s mean deletions in an image's layer; %s", what, name, plan.Deletion, hint)
	})
}

// mayDelete reports whether a source of a layer may have a name that means a deletion: an
// image has none, and an archive that had one was not unpacked.
func mayDelete(l *plan.Layer, local func() bool, isDirectory func(plan.Tree) bool) bool {
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
			return e.Copy.From.Kind != plan.Registry || isDirectory(e.Copy.From)
		}
	})
}

// findDeletion is the first path below a directory that means a deletion. The directory has
// nothing else.
func findDeletion(ctx context.Context, ref client.Reference, above string) (string, error) {
	for dir := above; ; {
		stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dir})
		if err != nil {
			return "", fmt.Errorf("look for names that mean deletions: %w", err)
		}
		if len(stats) == 0 {
			return "", fmt.Errorf("look for names that mean deletions: there is none in %s", dir)
		}
		dir = path.Join(dir, path.Base(stats[0].Path))
		if strings.HasPrefix(path.Base(dir), plan.Deletion) {
			return strings.TrimPrefix(dir, above), nil
		}
	}
}
