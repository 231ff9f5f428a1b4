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
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// looksAtOnce is how many layers are looked into side by side.
const looksAtOnce = 8

// refuseDeletions fails if a source, or a directory that an image stands on, brought a name
// that an image's layer would take for a deletion. With a cache from elsewhere a layer may
// have to be fetched to look, so it is looked into only if there may be such a name.
func refuseDeletions(ctx context.Context, d *source.Daemon, s *spec.Spec, p *plan.Plan, trees *source.Trees, made *llb.Result) error {
	looks, err := deletionLooks(ctx, d, p, trees, made)
	if err != nil {
		return err
	}
	in := make([]bk.State, len(looks))
	for i, l := range looks {
		in[i] = l.in
	}
	ref, err := d.Solve(ctx, llb.Deletions(in))
	if err != nil || ref == nil {
		return err
	}
	found, err := foundIn(ctx, ref)
	if err != nil || len(found) == 0 {
		return err
	}
	name, err := findDeletion(ctx, ref, found[0])
	if err != nil {
		return err
	}
	l := looks[found[0]]
	return s.Errorf(l.at(name), "%s has %q: names that begin with %s mean deletions in an image's layer; %s", l.what, name, plan.Deletion, l.hint)
}

// deletionLook is a tree that may have a name that means a deletion.
type deletionLook struct {
	in bk.State
	// what it is, and at is the place that asks for what has a name.
	what string
	at   func(name string) spec.Pos
	hint string
}

// deletionLooks are the trees to look into.
func deletionLooks(ctx context.Context, d *source.Daemon, p *plan.Plan, trees *source.Trees, made *llb.Result) ([]deletionLook, error) {
	var looks []deletionLook
	for _, img := range p.Images {
		if !trees.IsDirectory(img.From) {
			continue
		}
		st, err := trees.Tree(ctx, img.From)
		if err != nil {
			return nil, err
		}
		looks = append(looks, deletionLook{
			in: st, what: img.From.Words(), at: func(string) spec.Pos { return img.From.Pos }, hint: "rename it, or leave it out by the directory's .dockerignore",
		})
	}
	local := sync.OnceValue(func() bool { return d.MayHave(ctx, plan.Deletion) })
	for _, copied := range made.Copied {
		if len(d.UI.CacheImports) > 0 && !mayDelete(copied.Layer, local, trees.IsDirectory) {
			continue
		}
		looks = append(looks, deletionLook{
			in: copied.State, what: "a source", at: func(name string) spec.Pos { return entryOf(copied.Layer, name).Start },
			hint: "rename it, or leave it out with `exclude`",
		})
	}
	return looks, nil
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

// findDeletion is the first path of a tree that means a deletion. The tree has nothing
// else.
func findDeletion(ctx context.Context, ref client.Reference, tree int) (string, error) {
	above := llb.Part(tree)
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
