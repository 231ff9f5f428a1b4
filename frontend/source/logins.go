// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

// Logins fetches from servers that want a login, which trees or secrets have.
type Logins struct{ Trees *Trees }

var (
	_ strategy.LoginFetcher = Logins{}
	_ fault.Refetcher       = Logins{}
)

// WithLogin returns a fetcher that uses a login of a tree, or of a secret: the step
// helper fetches then, where the tree and the secret are.
func (s Logins) WithLogin(ctx context.Context, p *plan.Plan, in plan.Tree, l plan.Login) (fetch.Fetcher, error) {
	root, err := s.state(ctx, p, in)
	if err != nil {
		return nil, err
	}
	return &loginFetcher{daemon: s.Trees.finder.daemon, lowering: s.Trees.lowering, root: root, login: l}, nil
}

// state is the state of a tree that has logins.
func (s Logins) state(ctx context.Context, p *plan.Plan, in plan.Tree) (bk.State, error) {
	switch in.Kind {
	case plan.Scratch:
		return bk.Scratch(), nil
	case plan.Target:
		p = upTo(p, in)
	case plan.Layers:
	default:
		return s.Trees.using(nil).Tree(ctx, in)
	}
	lowered, err := s.Trees.using(plan.ContextParts(p)).Lower(ctx, p)
	if err != nil {
		return bk.State{}, err
	}
	return lowered.State, nil
}

// loginFetcher fetches with a login.
type loginFetcher struct {
	daemon   *Daemon
	lowering llb.Options
	// root has the login, unless the secret does.
	root  bk.State
	login plan.Login
}

// Fetch lets the step helper fetch what a resolver reads.
func (f *loginFetcher) Fetch(ctx context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	var group errgroup.Group
	group.SetLimit(maxFetches)
	for i, req := range requests {
		group.Go(func() error {
			answers[i].Data, answers[i].Err = f.fetch(ctx, req)
			return nil
		})
	}
	_ = group.Wait() // each answer has its own error
	return answers
}

func (f *loginFetcher) fetch(ctx context.Context, req fetch.Request) ([]byte, error) {
	const name = "file"
	bound, err := req.Bound()
	if err != nil {
		return nil, err
	}
	ask := call.Fetch{Digest: req.Digest, Size: req.Size, Limit: bound, URLs: req.URLs}
	st, err := llb.FetchOnce(f.lowering, f.root, &f.login, ask, name, "[internal] "+printable.Line(req.Name))
	if err != nil {
		return nil, err
	}
	ref, err := f.daemon.Make(ctx, st)
	if err != nil {
		return nil, fault.OfSecret(err, f.login.Secret)
	}
	if err := readFailure(ctx, ref); err != nil {
		return nil, err
	}
	return readFetched(ctx, ref, name, req)
}

// readFailure is why a file could not be fetched; nil if it could.
func readFailure(ctx context.Context, ref client.Reference) error {
	data, err := ref.ReadFile(ctx, client.ReadRequest{Filename: llb.FetchReport})
	if err != nil {
		return nil //nolint:nilerr // there is none
	}
	var failure call.FetchFailure
	if err := json.Unmarshal(data, &failure); err != nil {
		return fmt.Errorf("read the step helper's answer: %w", err)
	}
	refused := fault.Fetch{Status: failure.Status}
	if refused.IsMissing() {
		return fmt.Errorf("%s: %w", failure.Text, fetch.ErrNotFound)
	}
	return errors.New(failure.Text)
}

// Refetch says why an archive could not be fetched with its login, by trying once more:
// BuildKit tells how a step ended and not what it said.
func (s Logins) Refetch(ctx context.Context, p *plan.Plan, img *plan.Image, a plan.Archive) error {
	if a.Login.Image != nil {
		return s.refetch(ctx, p, *a.Login.Image, a)
	}
	// The image that packages are put on is the one before the first of them.
	before := *img
	for i, l := range img.Layers {
		if len(l.Action.Fetches()) > 0 {
			before.Layers = img.Layers[:i]
			break
		}
	}
	so := &plan.Plan{Platform: p.Platform}
	for _, other := range p.Images {
		if other == img {
			break
		}
		so.Images = append(so.Images, other)
	}
	so.Images = append(so.Images, &before)
	return s.refetch(ctx, so, plan.Tree{Kind: plan.Layers}, a)
}

func (s Logins) refetch(ctx context.Context, p *plan.Plan, in plan.Tree, a plan.Archive) error {
	f, err := s.WithLogin(ctx, p, in, *a.Login)
	if err != nil {
		return err
	}
	return f.Fetch(ctx, []fetch.Request{{URLs: a.URLs, Digest: digest.Digest(a.Digest), Size: a.Size, Name: "fetch " + a.Name + " once more"}})[0].Err
}
