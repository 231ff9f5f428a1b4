// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"maps"
	"slices"

	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/cmd/strata/internal/connect"
)

// part is what one node builds.
type part struct {
	node *connect.Node
	opt  client.SolveOpt
	// layout is the directory that the node writes its image to, so that it can be joined
	// with those of others; empty for none.
	layout string
	// tars are where it writes its archives of files, by the output.
	tars map[int]string
}

// open connects to the nodes, each for its platforms, and completes what is sent to them.
// A question is for the node of the first platform.
func (j *job) open(ctx context.Context, nodes *connect.Nodes) error {
	wanted := j.platforms
	if (j.call.Request != "" || j.onePlatform) && len(wanted) > 0 {
		wanted = wanted[:1]
	}
	found, err := nodes.Divide(ctx, wanted)
	if err != nil {
		return err
	}
	if len(found) > 1 {
		j.join = &join{job: j}
		if err := j.join.check(); err != nil {
			return err
		}
	}
	for _, node := range found {
		p := part{node: node, opt: j.solveOpt}
		p.opt.FrontendAttrs = maps.Clone(j.solveOpt.FrontendAttrs)
		if err := j.addGateway(ctx, node.Client, &p.opt); err != nil {
			return err
		}
		if node.Docker {
			if err := j.forDocker(&p); err != nil {
				return err
			}
		}
		if j.join != nil {
			if err := j.join.divide(&p); err != nil {
				return err
			}
		}
		j.parts = append(j.parts, p)
	}
	return nil
}

// complete makes one result of what several nodes built, and pushes what a Docker Engine
// doesn't push by itself.
func (j *job) complete(ctx context.Context, out *outcome) error {
	if j.join != nil {
		return j.join.finish(ctx, out)
	}
	if j.parts[0].node.OldStore {
		return pushByDocker(ctx, j.parts[0].opt.Exports, out.exporter)
	}
	return nil
}

// cloneExports are exports whose attributes can be changed.
func cloneExports(exports []client.ExportEntry) []client.ExportEntry {
	out := slices.Clone(exports)
	for i := range out {
		out[i].Attrs = maps.Clone(out[i].Attrs)
		if out[i].Attrs == nil {
			out[i].Attrs = map[string]string{}
		}
	}
	return out
}
