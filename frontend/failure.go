// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// explained tells the failure of a build in the build file's words, where
// BuildKit's are about something that the user never wrote.
func (r *request) explained(ctx context.Context, err error, p *plan.Plan, s *sources) error {
	if path, ok := missingPath(err); ok {
		if c, ok := findCopy(p, path, errdefs.Sources(err)); ok {
			return r.missingSource(ctx, c, s)
		}
	}
	if isNotFound(err) {
		if c, ok := findPattern(p, errdefs.Sources(err)); ok {
			return r.spec.Errorf(c.Pos, "nothing in %s matches %q", treeWords(c.From), strings.TrimPrefix(c.Path, "/"))
		}
	}
	return withoutHelper(err)
}

// withoutHelper names a failed command as the build file does. The lines that
// the error belongs to stay.
func withoutHelper(err error) error {
	text := llb.WithoutHelper(err.Error())
	if text == err.Error() {
		return err
	}
	told := grpcerrors.WrapCode(errors.New(text), grpcerrors.Code(err))
	for _, source := range errdefs.Sources(err) {
		told = errdefs.WithSource(told, source)
	}
	return told
}

// missingPath finds the path in BuildKit's message about something that is not
// in a tree.
func missingPath(err error) (string, bool) {
	_, text, ok := strings.Cut(err.Error(), "failed to calculate checksum of ref ")
	if !ok {
		return "", false
	}
	text, ok = strings.CutSuffix(text, `": not found`)
	if !ok {
		return "", false
	}
	_, path, ok := strings.Cut(text, `: "`)
	return path, ok
}

// isNotFound tells whether an error is BuildKit's about a file it didn't find.
func isNotFound(err error) bool {
	return strings.Contains(err.Error(), "no such file or directory") || strings.HasSuffix(err.Error(), ": not found")
}

// findCopy finds the part of the plan that reads a path, within the lines that
// an error belongs to.
func findCopy(p *plan.Plan, path string, lines []*errdefs.Source) (plan.Copy, bool) {
	for _, c := range copies(p, lines) {
		if c.Path == path {
			return c, true
		}
	}
	return plan.Copy{}, false
}

// findPattern finds the only pattern within the lines that an error belongs to.
func findPattern(p *plan.Plan, lines []*errdefs.Source) (plan.Copy, bool) {
	if len(lines) == 0 {
		return plan.Copy{}, false
	}
	patterns := slices.DeleteFunc(copies(p, lines), func(c plan.Copy) bool { return !strings.ContainsAny(c.Path, "*?[") })
	if len(patterns) != 1 {
		return plan.Copy{}, false
	}
	return patterns[0], true
}

// copies are the parts of the plan that lines of the build file name.
func copies(p *plan.Plan, lines []*errdefs.Source) []plan.Copy {
	var out []plan.Copy
	for _, img := range p.Images {
		for _, l := range img.Layers {
			for _, c := range plan.Copies(l.Action) {
				if !c.Pos.IsZero() && covers(lines, c.Pos.Line) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

func covers(sources []*errdefs.Source, line int) bool {
	for _, s := range sources {
		for _, r := range s.Ranges {
			if int(r.Start.Line) <= line && line <= int(r.End.Line) {
				return true
			}
		}
	}
	return len(sources) == 0
}
