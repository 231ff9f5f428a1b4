// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// explained tells the failure of a build in the build file's words, where
// BuildKit's are about something that the user never wrote.
func (r *request) explained(ctx context.Context, err error, p *plan.Plan, s *sources) error {
	if _, ok := r.dockerfileLines(err); ok {
		return placed(err)
	}
	lines := errdefs.Sources(err)
	if path, ok := missingPath(err); ok {
		if c, ok := findCopy(p, path, lines); ok {
			return r.missingSource(ctx, c, s)
		}
	}
	if isNotFound(err) {
		if c, ok := findPattern(p, lines); ok {
			return r.spec.Errorf(c.Pos, "nothing in %s matches %q", treeWords(c.From), strings.TrimPrefix(c.Path, "/"))
		}
	}
	if fault := r.archiveFault(ctx, err, p); fault != nil {
		return fault
	}
	if fault := r.storeFault(ctx, err, p, s); fault != nil {
		return fault
	}
	if fetch := findFetch(p, lines); fetch != nil {
		if fault := r.fetchFault(err, fetch); fault != nil {
			return fault
		}
	}
	return placed(err)
}

// placed is an error of a step with the place of the step in the build file. A
// failed command is named as the build file does.
func placed(err error) error {
	text := llb.WithoutHelper(err.Error())
	for _, s := range errdefs.Sources(err) {
		if len(s.Ranges) > 0 && s.Info != nil {
			start := s.Ranges[0].Start
			return &told{text: fmt.Sprintf("%s:%d:%d: %s", s.Info.Filename, start.Line, start.Character+1, text), err: err}
		}
	}
	return &told{text: text, err: err}
}

// fetchFault says what is wrong with something fetched by HTTP: what its server
// answers, or that it isn't what was promised. It is nil for other errors.
func (r *request) fetchFault(err error, fetch *plan.HTTP) error {
	var fault *spec.Error
	if _, sums, ok := strings.Cut(err.Error(), "digest mismatch "); ok {
		got, _, _ := strings.Cut(sums, ": ")
		fault = r.spec.Errorf(fetch.ChecksumPos, "%s is not what the checksum says: it has %s", fetch.URL, got)
	} else if _, status, ok := strings.Cut(err.Error(), "invalid response status "); ok {
		fault = r.spec.Errorf(fetch.Pos, "fetch %s: the server answers with status %s", fetch.URL, status)
	} else {
		return nil
	}
	fault.External = true
	return fault
}

// isFetchFailure tells whether a server didn't give what was asked for.
func isFetchFailure(err error) bool {
	text := err.Error()
	for _, sign := range []string{"invalid response status ", "digest mismatch ", "dial tcp", "connection reset", "unexpected EOF", "i/o timeout", "TLS handshake"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
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
	return strings.Contains(err.Error(), "no such file or directory") || strings.HasSuffix(err.Error(), " not found")
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
			for _, c := range l.Action.Copies() {
				if !c.Pos.IsZero() && covers(lines, c.Pos.Line) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// findFetch finds the only HTTP source within lines; nil when there are others.
func findFetch(p *plan.Plan, lines []*errdefs.Source) *plan.HTTP {
	var found *plan.HTTP
	for _, img := range p.Images {
		for _, l := range img.Layers {
			files, ok := l.Action.(*plan.Files)
			if !ok {
				continue
			}
			for _, e := range files.Entries {
				if e.HTTP == nil || !covers(lines, e.HTTP.Pos.Line) {
					continue
				}
				if found != nil && *found != *e.HTTP {
					return nil
				}
				found = e.HTTP
			}
		}
	}
	return found
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
