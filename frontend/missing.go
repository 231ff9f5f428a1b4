// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// missingSource is the fault of a build file that names what isn't there. Its
// hint costs a look at the tree; a tree that can't be looked into gives none.
func (r *request) missingSource(ctx context.Context, c plan.Copy, s *sources) error {
	name := strings.TrimPrefix(c.Path, "/")
	fault := r.spec.Errorf(c.Pos, "there is no %q in %s", name, treeWords(c.From))
	list := r.lister(ctx, c.From, s)
	if list == nil {
		return fault
	}
	if near := nearest(list, name); near != "" {
		return fault.WithHint(fmt.Sprintf("did you mean %q?", near))
	}
	if c.From.Kind == plan.Main && exists(r.contextNames(ctx, bk.ExcludePatterns(nil)), name) {
		return fault.WithHint("it is in the folder, but .dockerignore leaves it out")
	}
	return fault
}

// treeWords say where a source was looked for.
func treeWords(t plan.Tree) string {
	switch t.Kind {
	case plan.Main:
		return "the build context"
	case plan.Layers:
		return "the image so far"
	case plan.Registry:
		return t.Name
	default:
		return string(t.Kind) + ":" + t.Name
	}
}

// lister lists the folders of a tree, given without a slash at the start. It is
// nil for a tree that only the graph knows.
type lister func(dir string) ([]*fstypes.Stat, error)

func (r *request) lister(ctx context.Context, t plan.Tree, s *sources) lister {
	switch t.Kind {
	case plan.Main:
		if list := r.contextNames(ctx); list != nil {
			return list
		}
	case plan.Registry, plan.Context, plan.Dockerfile:
	default:
		return nil
	}
	st, err := s.Tree(ctx, t)
	if err != nil {
		return nil
	}
	return func(dir string) ([]*fstypes.Stat, error) { return r.prober.ReadDir(ctx, st, "/"+dir) }
}

// nearest finds the path that a misspelt one was meant to be; empty when there
// is none. Each part of the path may be misspelt.
func nearest(list lister, name string) string {
	found := ""
	parts := strings.Split(name, "/")
	for i, part := range parts {
		stats, err := list(found)
		if err != nil {
			return ""
		}
		var among []string
		for _, stat := range stats {
			if last := i == len(parts)-1; last || os.FileMode(stat.Mode).IsDir() {
				among = append(among, path.Base(stat.Path))
			}
		}
		if !slices.Contains(among, part) {
			part = spec.Suggest(part, among)
		}
		if part == "" {
			return ""
		}
		found = path.Join(found, part)
	}
	if found == name {
		return "" // it is there: something else is wrong
	}
	return found
}

// exists tells whether a path is listed.
func exists(list lister, name string) bool {
	if list == nil {
		return false
	}
	dir, _ := path.Split(name)
	stats, err := list(strings.TrimSuffix(dir, "/"))
	return err == nil && slices.ContainsFunc(stats, func(s *fstypes.Stat) bool { return path.Base(s.Path) == path.Base(name) })
}
