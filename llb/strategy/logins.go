// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/login"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// LoginFetcher fetches from servers that want a login.
type LoginFetcher interface {
	// WithLogin returns a fetcher with a login, which the tree has, or a secret. Targets
	// are those of the plan, and the image so far is the plan's last one.
	WithLogin(ctx context.Context, p *plan.Plan, in plan.Tree, l plan.Login) (fetch.Fetcher, error)
}

// logins are those for the servers of a target's archives: those of the build file's
// secrets, and those of the image that says where packages come from.
type logins struct {
	sources []*distro.Source
	image   *login.Logins
	// like is that image where it isn't the one that packages are put on.
	like *plan.Tree
}

// readLogins reads the logins of the image that says where packages come from.
func (s *origin) readLogins(ctx context.Context, base tree.Tree) (err error) {
	in := distro.Configured{Tree: base, Name: "the base"}
	if s.configured != nil {
		in = *s.configured
	}
	s.logins = logins{sources: s.asked.sources, like: s.like}
	if s.logins.image, err = login.Read(ctx, in); err != nil {
		return s.asked.fault(fmt.Errorf("read the logins of %s: %w", in.Name, err))
	}
	return nil
}

// of says where the login for an address is; nil where there is none.
func (l *logins) of(address string) *plan.Login {
	var out plan.Login
	for _, s := range l.sources {
		if s.Secret != "" && slices.ContainsFunc(s.URIs, func(uri string) bool {
			return strings.HasPrefix(address+"/", strings.TrimSuffix(uri, "/")+"/")
		}) {
			out.Secret = s.Secret
		}
	}
	if l.image.ForBelow(address) {
		out.Image, out.InBase = l.like, l.like == nil
	}
	if out == (plan.Login{}) {
		return nil
	}
	return &out
}

// ofAny is the login for the first of some addresses that has one.
func (l *logins) ofAny(addresses []string) *plan.Login {
	for _, address := range addresses {
		if login := l.of(address); login != nil {
			return login
		}
	}
	return nil
}

// lockedLogin says where the login for a repository of the lock is. The image is not
// looked into: the lock says whether it has one.
func (s *origin) lockedLogin(ctx context.Context, uris []string, inImage bool) (*plan.Login, error) {
	s.logins = logins{sources: s.asked.sources}
	out := s.logins.ofAny(uris)
	if !inImage {
		return out, nil
	}
	if out == nil {
		out = &plan.Login{}
	}
	if s.like == nil {
		out.InBase = true
		return out, nil
	}
	pinned, _, err := s.t.use(ctx, s.asked.like, s.t.image.Platform)
	out.Image = &pinned
	return out, err
}

// fetcher fetches what resolvers read, with logins where these are needed.
func (s *origin) fetcher(ctx context.Context) fetch.Fetcher {
	if s.t.pass.req.Logins == nil {
		return s.t.pass.req.Fetch
	}
	return &loginFetcher{Fetcher: s.t.pass.req.Fetch, logins: &s.logins, open: func(l plan.Login) (fetch.Fetcher, error) {
		so, from := s.t.soFar()
		switch {
		case l.Image != nil:
			from = *l.Image
		case !l.InBase:
			from = plan.Tree{Kind: plan.Scratch}
		}
		return s.t.pass.req.Logins.WithLogin(ctx, so, from, l)
	}}
}

// loginFetcher lets those requests be fetched with a login that need one.
type loginFetcher struct {
	fetch.Fetcher
	logins *logins
	open   func(plan.Login) (fetch.Fetcher, error)
}

// Fetch fetches the files that need no login together, and those of each login.
func (f *loginFetcher) Fetch(ctx context.Context, requests []fetch.Request) []fetch.Answer {
	places := map[plan.Login][]int{}
	var order []plan.Login
	for i, r := range requests {
		var key plan.Login
		if l := f.logins.ofAny(r.URLs); l != nil {
			key = *l
		}
		if places[key] == nil {
			order = append(order, key)
		}
		places[key] = append(places[key], i)
	}
	answers := make([]fetch.Answer, len(requests))
	for _, key := range order {
		var some []fetch.Request
		for _, i := range places[key] {
			some = append(some, requests[i])
		}
		for n, answer := range f.with(ctx, key, some) {
			answers[places[key][n]] = answer
		}
	}
	return answers
}

// with fetches files that need one login, or none.
func (f *loginFetcher) with(ctx context.Context, l plan.Login, requests []fetch.Request) []fetch.Answer {
	if l == (plan.Login{}) {
		return f.Fetcher.Fetch(ctx, requests)
	}
	fetcher, err := f.open(l)
	if err != nil {
		answers := make([]fetch.Answer, len(requests))
		for i := range answers {
			answers[i].Err = err
		}
		return answers
	}
	return fetcher.Fetch(ctx, requests)
}
