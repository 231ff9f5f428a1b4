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

// explain answers the requests that show a build. ok is false for others.
func (r *request) explain(ctx context.Context, id string) (res *client.Result, ok bool, err error) {
	if id != RequestPlan && id != RequestGraph && id != RequestLLB {
		return nil, false, nil
	}
	if err := r.loadLock(ctx); err != nil {
		return nil, true, err
	}
	wanted := r.firstPlatform()
	sources := newSources(r, wanted)
	p, err := strategy.Plan(ctx, r.planRequest(wanted, sources, r.warn(ctx)))
	if err != nil {
		return nil, true, err
	}
	res = client.NewResult()
	res.AddMeta("version", []byte(explainVersion))
	if id == RequestPlan {
		data, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			return nil, true, fmt.Errorf("print plan: %w", err)
		}
		var words bytes.Buffer
		if err := p.Explain(&words); err != nil {
			return nil, true, fmt.Errorf("print plan: %w", err)
		}
		res.AddMeta("result.explain", words.Bytes())
		res.AddMeta("result.json", data)
		res.AddMeta("result.txt", append(data, '\n'))
		return res, true, nil
	}
	return res, true, r.explainGraph(ctx, res, id, p, sources)
}

// explainGraph adds the graph in the form that was asked for.
func (r *request) explainGraph(ctx context.Context, res *client.Result, id string, p *plan.Plan, sources *sources) error {
	sources.use(p)
	lowered, err := r.lower(ctx, p, sources)
	if err != nil {
		return err
	}
	def, err := r.marshal(ctx, lowered.State)
	if err != nil {
		return err
	}
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
