// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"path"
	"slices"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// leavings are what commands left of what they ship.
type leavings struct {
	shipped []llb.Shipped
	// something says that a layer is known to have something.
	something []bool
	// unknown says that a layer has to be opened to know.
	unknown []bool
}

// newLeavings are those of an image, of which nothing is known yet. Where the rule about
// them is skipped there are none.
func newLeavings(made *llb.Result, skips func(rule string) bool) *leavings {
	l := &leavings{}
	if skips(strategy.RuleOut) {
		return l
	}
	for _, shipped := range made.Shipped {
		if _, ok := shipped.Layer.Action.(*plan.Exec); ok {
			l.shipped = append(l.shipped, shipped)
		}
	}
	l.something, l.unknown = make([]bool, len(l.shipped)), make([]bool, len(l.shipped))
	for i := range l.unknown {
		l.unknown[i] = true
	}
	return l
}

// search asks for the names at the root of each layer, most of which need not be opened
// then. They are read where directories are given.
func (l *leavings) search(q *question) {
	for i, shipped := range l.shipped {
		l.unknown[i] = false
		names := llb.Search{Tree: shipped.State, Patterns: []string{"*"}, Except: []string{"*/*"}}
		given := givenDirs(shipped.Layer)
		if len(given) == 0 {
			q.addUnread(names, func(context.Context, client.Reference, string, []*types.Stat) error {
				l.something[i] = true
				return nil
			})
			continue
		}
		q.add(names, func(_ context.Context, _ client.Reference, _ string, has []*types.Stat) error {
			l.something[i] = slices.ContainsFunc(has, func(st *types.Stat) bool { return !isGiven(st, "/", given) })
			l.unknown[i] = !l.something[i]
			return nil
		})
	}
}

// warnings are those of commands that left nothing of what they ship. A layer that comes
// from a cache elsewhere is fetched to look.
func (l *leavings) warnings(ctx context.Context, opened *openedTrees, s *spec.Spec) []*spec.Error {
	var group errgroup.Group
	group.SetLimit(looksAtOnce)
	for i, shipped := range l.shipped {
		if l.unknown[i] {
			group.Go(func() error {
				l.something[i] = !hasNothing(ctx, opened, shipped, givenDirs(shipped.Layer))
				return nil
			})
		}
	}
	_ = group.Wait() // none fails
	var found []*spec.Error
	for i, shipped := range l.shipped {
		if !l.something[i] {
			found = append(found, nothingShips(s, shipped.Layer))
		}
	}
	return found
}

// nothingShips is the warning for a layer with nothing in it.
func nothingShips(s *spec.Spec, l *plan.Layer) *spec.Error {
	where, hint := "$out", "what is to ship must be below the directory that $out names"
	if a, ok := l.Action.(*plan.Exec); ok && len(a.Outputs) > 0 {
		where, hint = "its outputs", "what is to ship must be below a path that outputs names"
	}
	e := s.ErrorfRange(l.Range, "the layer %q is empty: its command left nothing in %s", l.Short(), where).WithHint(hint)
	e.Rule = strategy.RuleOut
	return e
}

// givenDirs are the directories that a layer has even if its command leaves nothing: those
// that $out has from the start, and those that ship from the step.
func givenDirs(l *plan.Layer) []string {
	a, ok := l.Action.(*plan.Exec)
	if !ok {
		return nil
	}
	var dirs []string
	for _, dir := range a.OutDirs {
		dirs = append(dirs, path.Join("/", dir))
	}
	for i := range a.Outputs {
		dirs = append(dirs, a.Outputs[i].Dest)
	}
	return dirs
}

// isGiven reports whether what is in dir is a given directory, or one above such.
func isGiven(st *types.Stat, dir string, given []string) bool {
	at := path.Join(dir, path.Base(st.Path))
	return st.IsDir() && slices.ContainsFunc(given, func(dir string) bool { return plan.Within(dir, at) })
}

// hasNothing reports whether a layer is known to have nothing but given directories and
// those above them.
func hasNothing(ctx context.Context, opened *openedTrees, shipped llb.Shipped, given []string) bool {
	ref, err := opened.tree(ctx, shipped)
	if err != nil || ref == nil {
		return err == nil
	}
	for dirs := []string{"/"}; len(dirs) > 0; dirs = dirs[1:] {
		stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dirs[0]})
		if err != nil {
			return false
		}
		for _, st := range stats {
			if !isGiven(st, dirs[0], given) {
				return false
			}
			dirs = append(dirs, path.Join(dirs[0], path.Base(st.Path)))
		}
	}
	return true
}
