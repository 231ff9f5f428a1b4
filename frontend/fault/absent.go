// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// Absent is the fault of a build file that takes what isn't in a directory of the client,
// in the words of a build that finds it; nil if it is there, or if the tree can't be listed.
func (e *Explainer) Absent(ctx context.Context, c plan.Copy) error {
	name := strings.TrimPrefix(c.Path, "/")
	list := e.World.List(ctx, c.From, false)
	if name == "" || list == nil || list.has(name) {
		return nil
	}
	if plan.IsPattern(name) {
		if literal, ok := plan.Unescaped(name); ok && list.has(literal) {
			return nil
		}
		matches := list.matching(name)
		if c.Optional && len(matches) == 0 {
			return nil
		}
		if len(matches) > 0 && !slices.ContainsFunc(matches, func(m string) bool { return !list.has(m) }) {
			return nil
		}
	}
	return e.missing(ctx, c)
}

// has reports whether something is at a path, which is followed through links.
func (list Lister) has(name string) bool {
	at, err := list.Follow("/" + name)
	if err != nil || at == "/" {
		return err == nil
	}
	stat, err := list.stat(at)
	return err != nil || stat != nil
}

// IsDirectory reports whether there is a directory at a path without links.
func (list Lister) IsDirectory(at string) bool {
	stat, err := list.stat(at)
	return err == nil && stat != nil && os.FileMode(stat.Mode).IsDir()
}
