// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"path"
	"slices"

	"github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// empty are warnings of commands that left nothing of what they ship. A layer that comes
// from a cache elsewhere is fetched to look, unless the rule is skipped.
func empty(ctx context.Context, opened *openedTrees, s *spec.Spec, made *llb.Result, skips func(rule string) bool) []*spec.Error {
	if skips(strategy.RuleOut) {
		return nil
	}
	none := make([]bool, len(made.Shipped))
	var group errgroup.Group
	group.SetLimit(looksAtOnce)
	for i, shipped := range made.Shipped {
		if a, ok := shipped.Layer.Action.(*plan.Exec); ok {
			group.Go(func() error { none[i] = hasNothing(ctx, opened, shipped, givenDirs(a)); return nil })
		}
	}
	_ = group.Wait() // none fails
	var found []*spec.Error
	for i, shipped := range made.Shipped {
		if none[i] {
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
func givenDirs(a *plan.Exec) []string {
	var dirs []string
	for _, dir := range a.OutDirs {
		dirs = append(dirs, path.Join("/", dir))
	}
	for i := range a.Outputs {
		dirs = append(dirs, a.Outputs[i].Dest)
	}
	return dirs
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
			at := path.Join(dirs[0], path.Base(st.Path))
			if !st.IsDir() || !slices.ContainsFunc(given, func(dir string) bool { return plan.Within(dir, at) }) {
				return false
			}
			dirs = append(dirs, at)
		}
	}
	return true
}
