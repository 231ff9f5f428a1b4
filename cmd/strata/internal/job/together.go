// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/cmd/strata/internal/connect"
)

// request is one target for some platforms.
type request struct {
	target string
	job    *job
	attrs  map[string]string
}

// nodeRequests are what one node builds.
type nodeRequests struct {
	node *connect.Node
	// opt is that of the first request, which no other differs from but in attributes
	// and outputs, with the images of all: each request has names of its own for them.
	opt client.SolveOpt
	all []request
}

// byNode divides the builds of a batch among the nodes.
func (b *batch) byNode() []*nodeRequests {
	var nodes []*nodeRequests
	for i, j := range b.jobs {
		for _, p := range j.parts {
			at := slices.IndexFunc(nodes, func(n *nodeRequests) bool { return n.node.Client == p.node.Client })
			if at < 0 {
				at, nodes = len(nodes), append(nodes, &nodeRequests{node: p.node, opt: p.opt})
				nodes[at].opt.OCIStores = map[string]content.Store{}
			}
			maps.Copy(nodes[at].opt.OCIStores, p.opt.OCIStores)
			nodes[at].all = append(nodes[at].all, request{target: b.names[i], job: j, attrs: p.opt.FrontendAttrs})
		}
	}
	return nodes
}

// together builds all targets with one solve for each node, and no outputs: the daemon
// transfers, looks up and records once what they share.
func (b *batch) together(ctx context.Context) error {
	nodes := b.byNode()
	p, err := b.jobs[0].newProgress()
	if err != nil {
		return err
	}
	shown := p.start()
	var recorded []<-chan struct{}
	for _, j := range b.jobs {
		var done <-chan struct{}
		shown, done = j.recorder.watch(shown)
		recorded = append(recorded, done)
	}
	each, forwarded := share(shown, len(nodes))
	g, running := errgroup.WithContext(ctx)
	for i, n := range nodes {
		g.Go(func() error { return n.solve(running, each[i]) })
	}
	err = g.Wait()
	forwarded()
	for _, done := range recorded {
		<-done
	}
	p.wait(err)
	return err
}

// solve builds all requests, and closes the channel of their status.
func (n *nodeRequests) solve(ctx context.Context, status chan *client.SolveStatus) error {
	opt := withoutExports(n.opt)
	opt.FrontendAttrs = maps.Clone(n.opt.FrontendAttrs)
	var targets []string
	for _, r := range n.all {
		targets = append(targets, r.target)
	}
	opt.FrontendAttrs["target"] = strings.Join(targets, ",") // in the daemon's records
	var failed *requestError
	_, err := n.node.Client.Build(ctx, opt, product, func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		err := n.build(ctx, c)
		errors.As(err, &failed)
		return gateway.NewResult(), err
	}, status)
	switch {
	case err == nil:
		return nil
	case failed == nil:
		return n.all[0].job.failure(err, nil)
	default:
		return fmt.Errorf("target %s: %w", failed.target, failed.job.failure(err, failed.error))
	}
}

// build runs the frontend for all requests side by side. An error is a [requestError].
func (n *nodeRequests) build(ctx context.Context, c gateway.Client) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range n.all {
		group.Go(func() error {
			if err := r.build(ctx, c); err != nil {
				return &requestError{request: r, error: err}
			}
			return nil
		})
	}
	return group.Wait()
}

// requestError is the error of a request.
type requestError struct {
	request
	error
}

// Unwrap returns the error.
func (e *requestError) Unwrap() error { return e.error }

// build builds all that the request asks for now: no exporter will.
func (r request) build(ctx context.Context, c gateway.Client) error {
	res, err := r.job.frontend(ctx, withAttrs(c, r.attrs))
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	err = res.EachRef(func(ref gateway.Reference) error {
		group.Go(func() error { return ref.Evaluate(ctx) })
		return nil
	})
	return errors.Join(err, group.Wait())
}

// attrsClient is a client whose request has attributes of its own.
type attrsClient struct {
	gateway.Client
	attrs map[string]string
}

// withAttrs is a client for one of several requests. The caches that they all read are
// those of the solve.
func withAttrs(c gateway.Client, attrs map[string]string) gateway.Client {
	attrs = maps.Clone(attrs)
	set(attrs, cacheImportsAttr, c.BuildOpts().Opts[cacheImportsAttr])
	return attrsClient{Client: c, attrs: attrs}
}

// cacheImportsAttr is the attribute in which BuildKit's client tells of caches.
const cacheImportsAttr = "cache-imports"

// BuildOpts returns the options of the solve, with the attributes of the request.
func (c attrsClient) BuildOpts() gateway.BuildOpts {
	opts := c.Client.BuildOpts()
	opts.Opts = c.attrs
	return opts
}
