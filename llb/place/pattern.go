// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// settle decides whether a source that looks like a pattern is one: it is a path if
// there is a file of exactly that name.
func (o opener) settle(ctx context.Context, it *item) error {
	if !plan.IsPattern(it.src) {
		return nil
	}
	var err error
	if it.src, it.pattern, err = Settle(ctx, o.placer.prober, it.from, *it.Copy, it.Dest, it.Into); err != nil {
		return err
	}
	if it.OwnName && !it.pattern {
		named := *it.Entry
		named.Dest, named.Into = path.Join(it.Dest, path.Base(it.src)), false
		it.Entry = &named
	}
	return nil
}

// Settle decides whether the path of a source in a state is a pattern, and returns the
// path if it is none: that of a file of exactly that name, or the only one that it can
// match. What a pattern matches goes into a directory; the only file that it matches can
// have another name.
func Settle(ctx context.Context, p Prober, st bk.State, from plan.Copy, dest string, into bool) (src string, pattern bool, err error) {
	if !plan.IsPattern(from.Path) {
		return from.Path, false, nil
	}
	// What must be built isn't looked into for a name of nothing but * and ?.
	if from.From.MustBeBuilt() && into && !strings.ContainsAny(from.Path, `[\`) {
		return from.Path, true, nil
	}
	if there, err := hasExactly(ctx, p, st, from.Path); there || err != nil {
		return from.Path, false, err
	}
	if name, ok := plan.Unescaped(from.Path); ok {
		return name, false, nil
	}
	name := strings.TrimPrefix(from.Path, "/")
	if _, err := path.Match(from.Path, ""); err != nil {
		return "", false, plan.Mistakef("find %q: there is no file of that name in %s, and it isn't a pattern: %w", name, from.From.Words(), err)
	}
	if !into {
		src, err = only(ctx, p, st, from, dest)
		return src, false, err
	}
	return plan.Matched(from.Path), true, nil
}

// only is the path of the only file that a pattern matches.
func only(ctx context.Context, p Prober, st bk.State, from plan.Copy, dest string) (string, error) {
	name, dir := strings.TrimPrefix(from.Path, "/"), path.Dir(from.Path)
	above, ok := plan.Unescaped(dir)
	if !ok {
		return "", plan.Mistakef("find %q: there is no file of that name in %s, and a pattern among its directories needs a directory as dest: write %s/", name, from.From.Words(), dest)
	}
	matches, err := namesOf(ctx, p, st, plan.Matched(from.Path), "look for what matches "+path.Base(from.Path))
	matches = slices.DeleteFunc(matches, func(name string) bool {
		match, bad := path.Match(path.Base(from.Path), name)
		return !match || bad != nil
	})
	switch {
	case err != nil:
		return "", err
	case len(matches) == 0:
		return "", plan.Mistakef("there is no file called %q in %s, and nothing matches it as a pattern", name, from.From.Words())
	case len(matches) > 1:
		return "", plan.Mistakef("%d files of %s match %q (%s), and %s is one: make the pattern narrower, or write %s/ for all of them",
			len(matches), from.From.Words(), name, plan.Few(matches), dest, dest)
	}
	return path.Join(above, matches[0]), nil
}

// hasExactly reports whether there is a file of exactly the source's name. The source's
// tree is never opened itself: a copy of the file is, which BuildKit keeps.
func hasExactly(ctx context.Context, p Prober, st bk.State, src string) (bool, error) {
	names, err := namesOf(ctx, p, st, plan.Exactly(src), "look for a file called "+path.Base(src))
	return slices.Contains(names, path.Base(src)), err
}

// namesOf are the names of what a pattern matches.
func namesOf(ctx context.Context, p Prober, st bk.State, pattern, what string) (names []string, err error) {
	found := bk.Scratch().File(bk.Copy(st, pattern, "/", &bk.CopyInfo{
		AllowWildcard: true, AllowEmptyWildcard: true, FollowSymlinks: true,
	}), bk.WithCustomName("[internal] "+what))
	stats, err := p.List(ctx, found, "/")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the source %s: %w", pattern, err)
	}
	for _, s := range stats {
		names = append(names, path.Base(s.Path))
	}
	slices.Sort(names)
	return names, nil
}
