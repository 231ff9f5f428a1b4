// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"fmt"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// missing is the fault of a build file that names, or has a pattern for, what isn't there.
func (e *Explainer) missing(ctx context.Context, c plan.Copy) error {
	if plan.IsPattern(c.Path) {
		return e.missingMatch(ctx, c)
	}
	return e.missingSource(ctx, c)
}

// missingSource is the fault of a build file that names what isn't there. Its
// hint costs a look at the tree; a tree that can't be looked into gives none.
func (e *Explainer) missingSource(ctx context.Context, c plan.Copy) error {
	name := strings.TrimPrefix(c.Path, "/")
	fault := e.Spec.Errorf(c.Pos, "there is no %q in %s", name, c.From.Words())
	list := e.World.List(ctx, c.From, false)
	if list == nil {
		return fault
	}
	if d, ok := danglingOnWay(list, name); ok {
		return e.Spec.Errorf(c.Pos, "there is no %q in %s: %s", name, c.From.Words(), d.words(c.From))
	}
	if len(c.Include)+len(c.Exclude) > 0 && exists(list, name) {
		return e.Spec.Errorf(c.Pos, "nothing in %q of %s is selected by `include` and `exclude`", name, c.From.Words())
	}
	return fault.WithHint(near(ctx, c, list, looker{e.World.List, e.IgnoreFile}))
}

// looker looks for what a build file may have meant.
type looker struct {
	// list lists trees as [World.List] does.
	list func(ctx context.Context, t plan.Tree, ignored bool) Lister
	// ignoreFile names the ignore file of the build context; nil is .dockerignore.
	ignoreFile func() string
}

// Near says, for a hint, what a file that isn't there may have been meant to be, or why
// it isn't; empty when nothing is known. It costs a look at the tree, which list gives as
// [World.List] does; ignoreFile names the ignore file of the build context.
func Near(ctx context.Context, c plan.Copy, list func(ctx context.Context, t plan.Tree, ignored bool) Lister, ignoreFile func() string) string {
	look := looker{list, ignoreFile}
	listed := look.list(ctx, c.From, false)
	if listed == nil {
		return ""
	}
	if d, ok := danglingOnWay(listed, strings.TrimPrefix(c.Path, "/")); ok {
		return d.words(c.From)
	}
	return near(ctx, c, listed, look)
}

func near(ctx context.Context, c plan.Copy, list Lister, look looker) string {
	name := strings.TrimPrefix(c.Path, "/")
	if near := Nearest(list, name); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if c.From.Kind == plan.Main && exists(look.list(ctx, c.From, true), name) {
		file := ".dockerignore"
		if look.ignoreFile != nil {
			file = look.ignoreFile()
		}
		return "it is in the directory, but " + file + " leaves it out"
	}
	return ""
}

// missingMatch is the fault of a build file with a pattern that takes a file that isn't
// there: nothing matches, or what does is a link to nothing.
func (e *Explainer) missingMatch(ctx context.Context, c plan.Copy) error {
	name := strings.TrimPrefix(c.Path, "/")
	if list := e.World.List(ctx, c.From, false); list != nil {
		if d, ok := danglingMatch(list, name); ok {
			return e.Spec.Errorf(c.Pos, "take what matches %q: %s", name, d.words(c.From))
		}
	}
	return e.Spec.Errorf(c.Pos, "there is no file called %q in %s, and nothing matches it as a pattern", name, c.From.Words())
}
