// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// The requests that show a build without running it. With buildx they are
// "--call strata.plan" and so on. The text is in the result's "result.txt".
const (
	// RequestPlan gives the plan as JSON; "result.explain" has it in words.
	RequestPlan = "frontend.strata.plan"
	// RequestGraph gives the graph for Graphviz.
	RequestGraph = "frontend.strata.graph"
	// RequestLLB gives the operations in words; "result.llb" holds the definition
	// as BuildKit's own tools read it.
	RequestLLB = "frontend.strata.llb"
)

// explainVersion is the version of the answers.
const explainVersion = "1.0.0"

// explain answers the requests that show a build.
func (r *request) explain(ctx context.Context, s *spec.Spec, id string) (*client.Result, error) {
	file, err := r.loadLock()
	if err != nil {
		return nil, err
	}
	trees := r.trees(s)
	req := r.planRequest(ctx, s, r.daemon.FirstPlatform(), trees)
	req.Lock.File = file
	p, err := strategy.Plan(ctx, req)
	if err != nil {
		return nil, err
	}
	res := client.NewResult()
	res.AddMeta("version", []byte(explainVersion))
	if id == RequestPlan {
		return res, addPlan(res, p)
	}
	trees.Use(p)
	lowered, err := trees.Lower(ctx, p)
	if err != nil {
		return nil, err
	}
	def, err := r.daemon.Marshal(ctx, lowered.State)
	if err != nil {
		return nil, err
	}
	return res, addGraph(res, def, id)
}

// addPlan adds a plan as JSON and in words.
func addPlan(res *client.Result, p *plan.Plan) error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("print plan: %w", err)
	}
	var words bytes.Buffer
	if err := p.Explain(&words); err != nil {
		return fmt.Errorf("print plan: %w", err)
	}
	res.AddMeta("result.explain", words.Bytes())
	res.AddMeta("result.json", data)
	res.AddMeta("result.txt", append(data, '\n'))
	return nil
}

// addGraph adds a graph in the form that was asked for.
func addGraph(res *client.Result, def *bk.Definition, id string) error {
	var text bytes.Buffer
	write := llb.Dump
	if id == RequestGraph {
		write = llb.Dot
	}
	if err := write(&text, def); err != nil {
		return fmt.Errorf("print graph: %w", err)
	}
	var raw bytes.Buffer
	if err := bk.WriteTo(def, &raw); err != nil {
		return fmt.Errorf("write definition: %w", err)
	}
	res.AddMeta("result.txt", text.Bytes())
	res.AddMeta("result.llb", raw.Bytes())
	return nil
}
