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
	fstypes "github.com/tonistiigi/fsutil/types"

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
// match. A pattern goes into a directory.
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
		return "", false, plan.Mistakef("find %q: there is no file of that name in %s, and as a pattern it needs a directory as dest: write %s/", name, from.From.Words(), dest)
	}
	return from.Path, true, nil
}

// hasExactly reports whether there is a file of exactly the source's name. The source's
// tree is never opened itself: a copy of the file is, which BuildKit keeps.
func hasExactly(ctx context.Context, p Prober, st bk.State, src string) (bool, error) {
	found := bk.Scratch().File(bk.Copy(st, plan.Exactly(src), "/", &bk.CopyInfo{
		AllowWildcard: true, AllowEmptyWildcard: true, FollowSymlinks: true,
	}), bk.WithCustomName("[internal] look for a file called "+path.Base(src)))
	stats, err := p.List(ctx, found, "/")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the source %s: %w", src, err)
	}
	return slices.ContainsFunc(stats, func(s *fstypes.Stat) bool { return path.Base(s.Path) == path.Base(src) }), nil
}
