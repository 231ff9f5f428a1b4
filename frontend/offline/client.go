// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"context"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/frontend/fault"
)

// Client answers what another client does, as far as the daemon's cache has the answer.
// What would have to be fetched is a [fault.Uncached].
func Client(of client.Client) client.Client { return &cached{Client: of} }

// cached is a client that fetches nothing.
type cached struct{ client.Client }

// CurrentFrontend is the image that this frontend runs in; nil outside of one.
func (c *cached) CurrentFrontend() (*bk.State, error) {
	if in, ok := c.Client.(interface {
		CurrentFrontend() (*bk.State, error)
	}); ok {
		return in.CurrentFrontend()
	}
	return nil, nil //nolint:nilnil // as BuildKit's own
}

// Solve builds a graph of what the cache has.
func (c *cached) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	req.CacheImports = slices.DeleteFunc(slices.Clone(req.CacheImports), func(e client.CacheOptionsEntry) bool { return e.Type != "local" })
	if req.Frontend != "" {
		return c.ask(ctx, req)
	}
	if req.Definition == nil {
		return c.Client.Solve(ctx, req)
	}
	if err := unpinned(req.Definition); err != nil {
		return nil, err
	}
	tried, err := unreachable(req.Definition, false)
	if err != nil {
		return nil, err
	}
	if len(tried.cut) == 0 {
		return c.Client.Solve(ctx, req)
	}
	if err := c.try(ctx, tried, req.CacheImports); err != nil {
		return nil, tried.explain(err)
	}
	meant, err := unreachable(req.Definition, true)
	if err != nil {
		return nil, err
	}
	req.Definition = meant.def
	return c.Client.Solve(ctx, req)
}

// try builds a graph that reaches nothing. Layers of images are fetched when someone
// looks at them, which may be whoever takes the result.
func (c *cached) try(ctx context.Context, g *graph, imports []client.CacheOptionsEntry) error {
	res, err := c.Client.Solve(ctx, client.SolveRequest{Definition: g.def, CacheImports: imports})
	if err != nil {
		return err
	}
	ref, err := res.SingleRef()
	if err != nil || ref == nil {
		return err
	}
	if err := ref.Evaluate(ctx); err != nil || !g.images {
		return err
	}
	_, err = ref.StatFile(ctx, client.StatRequest{Path: "."})
	return err
}

// ResolveImageConfig looks an image up that the cache has, or the client in a layout.
func (c *cached) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	if opt.OCILayoutOpt != nil || strings.HasPrefix(ref, "oci-layout://") {
		return c.Client.ResolveImageConfig(ctx, ref, opt)
	}
	at, pinned := image(ref)
	if !pinned {
		return "", "", nil, &fault.Uncached{What: Image(ref), Unpinned: true}
	}
	found, of, config, err := c.Client.ResolveImageConfig(ctx, at, opt)
	if err != nil {
		return "", "", nil, &fault.Uncached{What: Image(ref), Err: err}
	}
	return Image(found), of, config, nil
}

// ResolveSourceMetadata looks up nothing: what is pinned needs no look.
func (c *cached) ResolveSourceMetadata(ctx context.Context, op *pb.SourceOp, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	if what := needsLook(op); what != "" {
		return nil, &fault.Uncached{What: what, Unpinned: true}
	}
	g := &graph{}
	changed := &pb.Op{Op: &pb.Op_Source{Source: op.CloneVT()}}
	what, cut := g.change(changed, false)
	if cut && !g.images {
		return nil, &fault.Uncached{What: what}
	}
	found, err := c.Client.ResolveSourceMetadata(ctx, changed.GetSource(), opt)
	if err != nil && cut {
		return nil, &fault.Uncached{What: what, Err: err}
	}
	return found, err
}

// NewContainer makes a container without a network.
func (c *cached) NewContainer(ctx context.Context, req client.NewContainerRequest) (client.Container, error) {
	req.NetMode = pb.NetMode_NONE
	return c.Client.NewContainer(ctx, req)
}
