// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"context"
	"maps"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/stages"
)

// The names of options of frontends.
const (
	contextPrefix = "context:"
	argPrefix     = "build-arg:"
	// syntaxArg names the image of another frontend.
	syntaxArg = "BUILDKIT_SYNTAX"
)

// ask lets the Dockerfile frontend make a graph, which is built later. It asks for images
// itself: each of them is given to it as a context, by a name that reaches nothing, and
// one that isn't pinned is refused before.
func (c *cached) ask(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	opts := maps.Clone(req.FrontendOpt)
	for name, value := range req.FrontendOpt {
		ref, ok := strings.CutPrefix(value, imageScheme)
		if !ok || !strings.HasPrefix(name, contextPrefix) {
			continue
		}
		at, pinned := image(ref)
		if !pinned {
			return nil, &fault.Uncached{What: Image(ref), Unpinned: true}
		}
		opts[name] = imageScheme + at
	}
	data, err := c.dockerfile(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := pinFrontend(opts, data); err != nil {
		return nil, err
	}
	build := platforms.Normalize(platforms.DefaultSpec())
	if workers := c.BuildOpts().Workers; len(workers) > 0 && len(workers[0].Platforms) > 0 {
		build = workers[0].Platforms[0] // as the frontend chooses it
	}
	for _, name := range stages.Read(data, stages.Args(opts, build)).Images(opts["target"]) {
		key := contextPrefix + familiar(name)
		if opts[key] != "" {
			continue
		}
		at, pinned := image(name)
		if !pinned {
			return nil, &fault.Uncached{What: Image(name), Unpinned: true}
		}
		opts[key] = imageScheme + at
	}
	inputs := map[string]*pb.Definition{}
	for name, def := range req.FrontendInputs {
		meant, err := unreachable(def, true)
		if err != nil {
			return nil, err
		}
		inputs[name] = meant.def
	}
	req.FrontendOpt, req.FrontendInputs = opts, inputs
	return c.Client.Solve(ctx, req)
}

// familiar is an image's name as the Dockerfile frontend looks for it among contexts.
func familiar(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return strings.TrimSuffix(reference.FamiliarString(reference.TagNameOnly(named)), ":latest")
}

// pinFrontend lets the image that reads the Dockerfile come from nowhere, where an
// argument or the Dockerfile itself names one.
func pinFrontend(opts map[string]string, data []byte) error {
	ref, more, _ := strings.Cut(strings.TrimSpace(opts[argPrefix+syntaxArg]), " ")
	if ref == "" {
		var ok bool
		if ref, _, _, ok = parser.DetectSyntax(data); !ok {
			return nil
		}
	}
	at, pinned := image(ref)
	if !pinned {
		return &fault.Uncached{What: ref, Unpinned: true}
	}
	opts[argPrefix+syntaxArg] = strings.TrimSpace(at + " " + more)
	return nil
}

// dockerfile reads the Dockerfile of a request.
func (c *cached) dockerfile(ctx context.Context, req client.SolveRequest) ([]byte, error) {
	def := req.FrontendInputs[dockerui.DefaultLocalNameDockerfile]
	if def == nil {
		return nil, nil
	}
	res, err := c.Solve(ctx, client.SolveRequest{Definition: def})
	if err != nil {
		return nil, err
	}
	ref, err := res.SingleRef()
	if err != nil || ref == nil {
		return nil, err
	}
	return ref.ReadFile(ctx, client.ReadRequest{Filename: req.FrontendOpt["filename"]})
}
