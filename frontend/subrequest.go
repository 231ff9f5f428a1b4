// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"

	"github.com/strata-build/strata/llb/spec"
)

// subrequest answers a question about the build file. ok is false when the
// request is a build. An unknown question is a plain error: a typed one would
// make buildx ask the Dockerfile frontend, which can't read YAML.
func (r *request) subrequest(ctx context.Context) (res *client.Result, ok bool, err error) {
	id, ok := r.client.BuildOpts().Opts["requestid"]
	if !ok {
		return nil, false, nil
	}
	switch id {
	case subrequests.RequestSubrequestsDescribe:
		res, err = describeRequests()
		return res, true, err
	case lint.RequestLint:
		results, err := r.lint(ctx)
		if err != nil {
			return nil, true, err
		}
		res, err = results.ToResult(nil)
		return res, true, err
	}
	s, err := spec.Parse(r.source.Filename, r.source.Data)
	if err != nil {
		return nil, true, err
	}
	r.spec = s
	switch id {
	case outline.RequestSubrequestsOutline:
		o, err := r.outline(ctx)
		if err != nil {
			return nil, true, err
		}
		res, err = o.ToResult()
		return res, true, err
	case targets.RequestTargets:
		res, err = r.targets().ToResult()
		return res, true, err
	}
	if id == RequestLock {
		res, err = r.lockAnswer(ctx)
		return res, true, err
	}
	if res, ok, err := r.explain(ctx, id); ok || err != nil {
		return res, true, err
	}
	return nil, true, fmt.Errorf("answer request %q: this frontend knows describe, outline, targets, lint, strata.plan, strata.graph, strata.llb and strata.lock", id)
}

// describeRequests lists the questions. BuildKit's own list leaves lint out.
func describeRequests() (*client.Result, error) {
	data, err := json.MarshalIndent([]subrequests.Request{
		outline.SubrequestsOutlineDefinition,
		targets.SubrequestsTargetsDefinition,
		lintDefinition(),
		explainDefinition(RequestPlan, "Show what a build would do, as JSON"),
		explainDefinition(RequestGraph, "Show a build's graph for Graphviz"),
		explainDefinition(RequestLLB, "Show a build's LLB in words"),
		explainDefinition(RequestLock, "Show what packages and store paths resolve to, as a lock"),
		subrequests.SubrequestsDescribeDefinition,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe requests: %w", err)
	}
	var text bytes.Buffer
	if err := subrequests.PrintDescribe(data, &text); err != nil {
		return nil, fmt.Errorf("describe requests: %w", err)
	}
	res := client.NewResult()
	res.AddMeta("result.json", data)
	res.AddMeta("result.txt", text.Bytes())
	res.AddMeta("version", []byte(subrequests.SubrequestsDescribeDefinition.Version))
	return res, nil
}

// lintDefinition is BuildKit's, in words that fit any build file.
func lintDefinition() subrequests.Request {
	def := lint.SubrequestLintDefinition
	def.Description = "Check a build file"
	return def
}

func explainDefinition(name, description string) subrequests.Request {
	return subrequests.Request{
		Name: name, Version: explainVersion, Type: subrequests.TypeRPC, Description: description,
		Opts:     []subrequests.Named{{Name: "target", Description: "Target of the build file"}},
		Metadata: []subrequests.Named{{Name: "result.txt"}},
	}
}
