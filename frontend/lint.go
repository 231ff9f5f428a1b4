// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	bklint "github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// lint reads and plans the build file and reports what is wrong or odd with it.
func (r *request) lint(ctx context.Context) (*bklint.LintResults, error) {
	results := &bklint.LintResults{}
	source := results.AddSource(r.file.Source.SourceMap)
	said := newFindings(r.config)
	report := func(e *spec.Error) {
		if _, isNew := said.add(e); !isNew {
			return
		}
		k, at := lint.Find(e.Rule), e.Range
		results.AddWarning(k.Name, k.Description, k.URL(), printable.Line(e.Words()), source, []parser.Range{{
			Start: parser.Position{Line: at.Start.Line, Character: max(at.Start.Column-1, 0)},
			End:   parser.Position{Line: max(at.End.Line, at.Start.Line), Character: max(at.End.Column-1, 0)},
		}})
	}
	s, err := r.parse()
	if err == nil {
		err = r.lintFile(ctx, s, report)
	}
	if err != nil {
		results.Error = &bklint.BuildError{Message: printable.Error(err)}
		if faults := fault.OfSpec(err); len(faults) > 0 {
			results.Error.Location = pb.Location{SourceIndex: int32(source), Ranges: []*pb.Range{fault.Lines(faults[0].Range)}}
		}
	}
	return results, nil
}

// lintFile looks at the build file, and plans it for every wanted platform.
func (r *request) lintFile(ctx context.Context, s *spec.Spec, report func(*spec.Error)) error {
	file, err := r.loadLock()
	if err != nil {
		return err
	}
	each(lint.File(s, r.daemon.UI.Target, file, r.config), report)
	for _, p := range r.daemon.UI.TargetPlatforms {
		trees := r.trees(s)
		req := r.planRequest(ctx, s, platforms.Normalize(p), trees)
		req.Lock.File, req.Warn, req.AllowMissing = file, report, true
		planned, err := strategy.Plan(ctx, req)
		if err != nil {
			return lacking(ctx, s, req, err)
		}
		each(lint.Plan(s, planned, file), report)
		each(lint.Packages(s, planned), report)
		if err := trees.Unbuilt(ctx, s, planned); err != nil {
			return err
		}
	}
	return r.lintTags(s)
}

// lintTags looks at the names of the image, if all arguments have values.
func (r *request) lintTags(s *spec.Spec) error {
	req := declaration(r, s, r.daemon.UI.Target)
	if lacksArgument(s, req) {
		return nil
	}
	_, err := strategy.Tags(req, r.daemon.UI.TargetPlatforms)
	return err
}

// lacking is an error of a plan that may have come of an argument without a value: then it
// is what a build says of that one.
func lacking(ctx context.Context, s *spec.Spec, req strategy.Request, err error) error {
	if !lacksArgument(s, req) {
		return err
	}
	req.AllowMissing, req.Warn = false, func(*spec.Error) {}
	if _, said := strategy.Plan(ctx, req); said != nil {
		return said
	}
	return err
}

func each(found []*spec.Error, report func(*spec.Error)) {
	for _, e := range found {
		report(e)
	}
}
