// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"path"
	"slices"

	gateway "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// findCopy finds the part of the plan that reads what isn't there, within the lines
// that an error belongs to.
func findCopy(p *plan.Plan, err error, lines []*errdefs.Source) (plan.Copy, bool) {
	for _, c := range copies(p, lines) {
		if lacks(err, c.Path) || lacksMatches(err, c.Path) {
			return c, true
		}
	}
	return plan.Copy{}, false
}

// lacksMatches reports whether an error is BuildKit's about a pattern that nothing matches,
// as it was given the pattern, or about the directory that it looks into for that.
func lacksMatches(err error, pattern string) bool {
	if !plan.IsPattern(pattern) {
		return false
	}
	matched := plan.Matched(pattern)
	return lacks(err, matched) || lacks(err, plan.KnownDir(matched))
}

// findPattern finds the only pattern within the lines that an error belongs to.
func findPattern(p *plan.Plan, lines []*errdefs.Source) (plan.Copy, bool) {
	if len(lines) == 0 {
		return plan.Copy{}, false
	}
	patterns := slices.DeleteFunc(copies(p, lines), func(c plan.Copy) bool { return !plan.IsPattern(c.Path) })
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

// findOutput finds the output of a command that isn't there, within the lines that an
// error belongs to.
func findOutput(p *plan.Plan, err error, lines []*errdefs.Source) *plan.Output {
	for _, img := range p.Images {
		for _, l := range img.Layers {
			e, ok := l.Action.(*plan.Exec)
			if !ok {
				continue
			}
			for i := range e.Outputs {
				o := &e.Outputs[i]
				if covers(lines, o.Pos.Line) && (lacks(err, o.Path) || lacksMatch(err, o.Path)) {
					return o
				}
			}
		}
	}
	return nil
}

// stepOutput finds the output that the step which puts them on the image can't take, by the
// status that it ends with, which is that of the first of the outputs; nil where it is about
// something else.
func stepOutput(p *plan.Plan, err error, lines []*errdefs.Source) (o *plan.Output, status int) {
	var exit *gateway.ExitError
	if !errors.As(err, &exit) || !place.IsStep(err.Error()) {
		return nil, 0
	}
	for _, status = range []int{call.MissingOutput, call.DanglingOutput, call.SeveralOutputs} {
		if n := int(exit.ExitCode) - status; n >= 0 && n < call.MostOutputs {
			return nthOutput(p, n, lines), status
		}
	}
	return nil, 0
}

// nthOutput is the output of that number in a step at lines of the build file.
func nthOutput(p *plan.Plan, n int, lines []*errdefs.Source) *plan.Output {
	for _, img := range p.Images {
		for _, l := range img.Layers {
			if outputs := ofStep(l, lines); n < len(outputs) {
				return outputs[n]
			}
		}
	}
	return nil
}

// ofStep are the outputs of a layer that a step at lines of the build file is given: all of
// the layer's, or the one that the step is made for.
func ofStep(l plan.Layer, lines []*errdefs.Source) (all []*plan.Output) {
	e, ok := l.Action.(*plan.Exec)
	if !ok {
		return nil
	}
	together := e.OnlyOutputs && place.IsPlain(e.Outputs)
	for i := range e.Outputs {
		o := &e.Outputs[i]
		if together && covers(lines, l.Range.Start.Line) || !together && place.IsOne(o) && covers(lines, o.Pos.Line) {
			all = append(all, o)
		}
	}
	return all
}

// lacksMatch reports whether an error is BuildKit's about a match of a pattern: a link that
// leads to nothing.
func lacksMatch(err error, pattern string) bool {
	missing, ok := missingPath(err)
	if !ok || !plan.IsPattern(pattern) {
		return false
	}
	match, bad := path.Match(pattern, missing)
	return match && bad == nil
}

// findFetch finds the only HTTP source within lines, of an address if that is known; nil
// when there are others.
func findFetch(p *plan.Plan, lines []*errdefs.Source, url string) *plan.HTTP {
	var found *plan.HTTP
	for _, f := range fetched(p) {
		if !covers(lines, f.Pos.Line) || url != "" && f.URL != url {
			continue
		}
		if found != nil && *found != *f {
			return nil
		}
		found = f
	}
	return found
}

// fetched are the HTTP sources of files layers, and those of their signatures.
func fetched(p *plan.Plan) []*plan.HTTP {
	var out []*plan.HTTP
	for _, img := range p.Images {
		for _, l := range img.Layers {
			files, ok := l.Action.(*plan.Files)
			if !ok {
				continue
			}
			for _, e := range files.Entries {
				if e.HTTP == nil {
					continue
				}
				out = append(out, e.HTTP)
				if s := e.HTTP.Signature; s != nil && s.HTTP != nil {
					out = append(out, s.HTTP)
				}
			}
		}
	}
	return out
}

// covers reports whether lines of the build file have this one; no lines are all of
// them.
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
