// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// rule is something that the build file is allowed to do but should not.
type rule struct{ name, description string }

// The rules.
var (
	ruleArgs     = rule{"UndeclaredArg", "Build arguments should be declared under args"}
	ruleChecksum = rule{"MissingChecksum", "What is fetched over HTTP should have a checksum, so that every build gets the same"}
	ruleSecret   = rule{"SecretInImage", "Secrets should not be in arguments, environment or labels, which everybody who has the image can read"}
	rulePlatform = rule{strategy.RulePlatform, "Images should be for the platform that they are used for, or the build file should say which one is meant"}
	ruleOnBuild  = rule{strategy.RuleOnBuild, "Triggers of a base are run by Dockerfiles alone"}
)

// ruleOf is the rule that a warning of planning is of.
func ruleOf(e *spec.Error) rule {
	for _, k := range []rule{rulePlatform, ruleOnBuild} {
		if e.Rule == k.name {
			return k
		}
	}
	return ruleArgs
}

// lint reads and plans the build file and reports what is wrong or odd with it.
func (r *request) lint(ctx context.Context) (*lint.LintResults, error) {
	results := &lint.LintResults{}
	source := results.AddSource(r.file.Source.SourceMap)
	report := func(k rule, message string, at spec.Range) {
		results.AddWarning(k.name, k.description, "", printable.Line(message), source, []parser.Range{{
			Start: parser.Position{Line: at.Start.Line, Character: max(at.Start.Column-1, 0)},
			End:   parser.Position{Line: max(at.End.Line, at.Start.Line), Character: max(at.End.Column-1, 0)},
		}})
	}
	s, err := r.parse()
	if err == nil {
		lintSpec(s, report)
		err = r.lintPlans(ctx, s, report)
	}
	if err != nil {
		results.Error = &lint.BuildError{Message: printable.Error(err)}
		if faults := fault.OfSpec(err); len(faults) > 0 {
			results.Error.Location = pb.Location{SourceIndex: int32(source), Ranges: []*pb.Range{fault.Lines(faults[0].Range)}}
		}
	}
	return results, nil
}

// lintPlans plans the build file for every wanted platform, and reports each warning
// once.
func (r *request) lintPlans(ctx context.Context, s *spec.Spec, report func(rule, string, spec.Range)) error {
	said := map[string]bool{}
	for _, p := range r.daemon.UI.TargetPlatforms {
		req := r.planRequest(ctx, s, platforms.Normalize(p), r.trees(s))
		req.Warn = func(e *spec.Error) {
			if !said[e.Error()] {
				said[e.Error()] = true
				report(ruleOf(e), e.Words(), e.Range)
			}
		}
		req.AllowMissing = true
		if _, err := strategy.Plan(ctx, req); err != nil {
			return err
		}
	}
	return nil
}

// lintSpec applies the rules that need nothing but the build file.
func lintSpec(s *spec.Spec, report func(rule, string, spec.Range)) {
	at := func(p spec.Pos) spec.Range { return spec.Range{Start: p, End: p} }
	for _, a := range s.Args {
		if looksSecret(a.Name) {
			report(ruleSecret, "argument "+a.Name+" looks like a secret; use a build's secrets", at(a.Pos))
		}
	}
	for i := range s.Targets {
		t := &s.Targets[i]
		for _, pairs := range [][]spec.Pair{t.Config.Env, t.Config.Labels} {
			for _, p := range pairs {
				if looksSecret(p.Key) {
					report(ruleSecret, p.Key+" looks like a secret; use a build's secrets", at(p.KeyPos))
				}
			}
		}
		for j := range t.Layers {
			lintFiles(t.Layers[j].Files, report)
		}
	}
}

func lintFiles(f *spec.Files, report func(rule, string, spec.Range)) {
	if f == nil {
		return
	}
	for i := range f.Entries {
		if e := &f.Entries[i]; e.URL.IsSet() && !e.Checksum.IsSet() {
			report(ruleChecksum, e.URL.Value+" has no checksum", e.Range)
		}
	}
}

// looksSecret reports whether a name is one that secrets go by.
func looksSecret(name string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(c rune) bool { return c == '_' || c == '-' || c == '.' }) {
		switch word {
		case "password", "passwd", "secret", "token", "apikey", "credential", "credentials":
			return true
		}
	}
	return false
}
