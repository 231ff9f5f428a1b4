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
)

// subrequest answers a question about the build file. An unknown question is a plain
// error: a typed one would make buildx ask the Dockerfile frontend, which can't read
// YAML.
func (r *request) subrequest(ctx context.Context, id string) (*client.Result, error) {
	switch id {
	case subrequests.RequestSubrequestsDescribe:
		return describeRequests()
	case lint.RequestLint:
		results, err := r.lint(ctx)
		if err != nil {
			return nil, err
		}
		return results.ToResult(nil)
	}
	s, err := r.parse()
	if err != nil {
		return nil, err
	}
	switch id {
	case outline.RequestSubrequestsOutline:
		o, err := r.outline(ctx, s)
		if err != nil {
			return nil, err
		}
		return o.ToResult()
	case targets.RequestTargets:
		return listTargets(r, s)
	case RequestLock:
		return r.lockAnswer(ctx, s)
	case RequestTest:
		return r.testAnswer(ctx, s)
	case RequestPlan, RequestGraph, RequestLLB:
		return r.explain(ctx, s, id)
	default:
		return nil, fmt.Errorf("answer request %q: this frontend knows describe, outline, targets, lint, strata.plan, strata.graph, strata.llb, strata.lock and strata.test", id)
	}
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
		explainDefinition(RequestLock, "Show what everything from outside is, as a lock"),
		explainDefinition(RequestTest, "Run the tests of the build file in its image"),
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
