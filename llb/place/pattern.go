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
	// What must be built isn't looked into for a name of nothing but * and ?.
	if it.Copy.From.MustBeBuilt() && it.Into && !strings.ContainsAny(it.src, `[\`) {
		it.pattern = true
		return nil
	}
	if there, err := o.hasExactly(ctx, *it); there || err != nil {
		return err
	}
	if name, ok := plan.Unescaped(it.src); ok {
		it.src = name
		return nil
	}
	name := strings.TrimPrefix(it.src, "/")
	if _, err := path.Match(it.src, ""); err != nil {
		return plan.Mistakef("find %q: there is no file of that name in %s, and it isn't a pattern: %w", name, it.Copy.From.Words(), err)
	}
	if !it.Into {
		return plan.Mistakef("find %q: there is no file of that name in %s, and as a pattern it needs a directory as dest: write %s/", name, it.Copy.From.Words(), it.Dest)
	}
	it.pattern = true
	return nil
}

// hasExactly reports whether there is a file of exactly the source's name. The source's
// tree is never opened itself: a copy of the file is, which BuildKit keeps.
func (o opener) hasExactly(ctx context.Context, it item) (bool, error) {
	found := bk.Scratch().File(bk.Copy(it.from, plan.Exactly(it.src), "/", &bk.CopyInfo{
		AllowWildcard: true, AllowEmptyWildcard: true, FollowSymlinks: true,
	}), bk.WithCustomName("[internal] look for a file called "+path.Base(it.src)))
	stats, err := o.placer.prober.List(ctx, found, "/")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the source %s: %w", it.src, err)
	}
	return slices.ContainsFunc(stats, func(s *fstypes.Stat) bool { return path.Base(s.Path) == path.Base(it.src) }), nil
}
