// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// session is a repository at one place, logged in when it is first asked.
type session struct {
	client *Client
	place  place
	// name is the repository as the user calls it.
	name string

	mu      sync.Mutex
	clients map[string]*http.Client
	auth    authn.Authenticator
	// from says which file the credentials are of.
	from string
	// with says what the credentials are.
	with string
	// closed says that the configuration lets no one push.
	closed bool
	// bearer says that a server of tokens was asked, sent that the credentials were sent
	// to the registry or to that server.
	bearer, sent atomic.Bool
}

// http gives a client that is logged in for some scopes: pull, or push, and
// perhaps pulling from another repository.
func (s *session) http(ctx context.Context, scope, other string) (*http.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := scope + " " + other
	if c, ok := s.clients[key]; ok {
		return c, nil
	}
	registry, err := s.registry()
	if err != nil {
		return nil, err
	}
	scopes := []string{registry.Repo(s.place.path).Scope(scope)}
	if other != "" {
		scopes = append(scopes, registry.Repo(other).Scope(transport.PullScope))
	}
	auth, err := s.credentials(ctx)
	if err != nil {
		return nil, err
	}
	base, err := s.client.transport(s.place)
	if err != nil {
		return nil, err
	}
	challenge, err := s.client.ping(ctx, s.place, registry, base)
	if err != nil {
		return nil, s.explain("reach", "", err)
	}
	a := &authorized{
		next:    &schemed{next: base, host: registry.RegistryStr(), insecure: challenge.Insecure},
		session: s, registry: registry, insecure: challenge.Insecure, scopes: scopes, auth: auth,
	}
	if challenge.Scheme != "" {
		a.challenge = challenge
		if err := a.login(ctx); err != nil {
			return nil, s.explain("reach", "", err)
		}
	}
	c := &http.Client{Transport: a}
	if s.clients == nil {
		s.clients = map[string]*http.Client{}
	}
	s.clients[key] = c
	return c, nil
}

// credentials are found once, before the first request: later, others read what is
// known of them without the lock.
func (s *session) credentials(ctx context.Context) (authn.Authenticator, error) {
	if s.auth != nil {
		return s.auth, nil
	}
	auth, from, err := s.client.keys.find(s.place.host, s.place.path)
	if err != nil {
		return nil, err
	}
	s.auth, s.from, s.with = auth, from, "user name and password"
	if c, err := authn.Authorization(ctx, auth); err == nil && c.IdentityToken != "" {
		s.with = "identity token"
	}
	return auth, nil
}

// ping asks a registry once whether it wants a login, and by which protocol it is
// to be spoken with.
func (c *Client) ping(ctx context.Context, p place, registry name.Registry, base http.RoundTripper) (*transport.Challenge, error) {
	key := registry.RegistryStr() + registry.Scheme() + p.config
	c.mu.Lock()
	known, ok := c.challenges[key]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	g := &greeting{next: base}
	challenge, err := transport.Ping(ctx, registry, g)
	if err != nil {
		err = g.because(err)
		if challenge = ungreeted(err); challenge == nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.challenges[key] = challenge
	return challenge, nil
}

// greeting asks a registry for its greeting, by TLS and perhaps without.
type greeting struct {
	next http.RoundTripper

	mu sync.Mutex
	// failed is why there was no answer by TLS.
	failed error
}

// RoundTrip sends a request.
func (g *greeting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(req)
	if err != nil && req.URL.Scheme == "https" && req.Context().Err() == nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.failed = fmt.Errorf("no answer by TLS: %w", refusal(err))
	}
	if err == nil {
		resp.Body = &start{io.LimitReader(resp.Body, greetingLimit), resp.Body}
	}
	return resp, err
}

// greetingLimit is how much is read of a greeting, or a refusal, in bytes: who asks reads all
// there is, and takes no more than that of a refusal.
const greetingLimit = 1 << 16

// start is the beginning of an answer.
type start struct {
	io.Reader
	io.Closer
}

// refusal is what a server says by TLS of why it doesn't go on, without where net/http
// was when it heard that; another error is itself.
func refusal(err error) error {
	if said, ok := errors.AsType[*net.OpError](err); ok && said.Op == "remote error" {
		return said
	}
	return err
}

// because is an error, or why TLS failed if that is a server's that expects TLS.
func (g *greeting) because(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	answer, ok := errors.AsType[*transport.Error](err)
	if g.failed != nil && ok && answer.StatusCode == http.StatusBadRequest {
		return g.failed
	}
	return err
}

// ungreeted is what is known of a registry that answers, and has no greeting; nil if it
// does not answer. It may want a login for other requests. That a request is a bad one
// is what servers say that expect TLS.
func ungreeted(err error) *transport.Challenge {
	answer, ok := errors.AsType[*transport.Error](err)
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted || !ok || answer.Request == nil {
		return nil
	}
	switch s := answer.StatusCode; {
	case s == http.StatusBadRequest, s == http.StatusTooManyRequests, s >= http.StatusInternalServerError && s != http.StatusNotImplemented:
		return nil
	}
	return &transport.Challenge{Insecure: answer.Request.URL.Scheme == "http"}
}

// schemed speaks with a registry by the protocol that it was greeted by, whatever the
// addresses say that it gives: one behind a proxy may not know that the proxy speaks TLS,
// and credentials must not go out without it.
type schemed struct {
	next     http.RoundTripper
	host     string
	insecure bool
}

// RoundTrip sends a request.
func (s *schemed) RoundTrip(req *http.Request) (*http.Response, error) {
	scheme := "https"
	if s.insecure {
		scheme = "http"
	}
	if sameHost(req.URL, s.host) && req.URL.Scheme != scheme {
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host = scheme, s.host // without a port that is the other protocol's
	}
	return s.next.RoundTrip(req)
}

func (s *session) registry() (name.Registry, error) {
	var options []name.Option
	if s.place.insecure {
		options = append(options, name.Insecure)
	}
	r, err := name.NewRegistry(s.place.host, options...)
	if err != nil {
		return r, fmt.Errorf("registry %s: %w", s.place.host, err)
	}
	return r, nil
}

// transport is what all sessions at a host share: connections.
func (c *Client) transport(p place) (http.RoundTripper, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fmt.Sprint(p.host, p.insecure, p.config)
	if rt, ok := c.transports[key]; ok {
		return rt, nil
	}
	conf, err := p.tls.config(p.insecure)
	if err != nil {
		return nil, fmt.Errorf("registry %s: %w", p.host, err)
	}
	const buffer = 128 << 10
	dial := p.dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	var next http.RoundTripper = &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dial,
		TLSClientConfig:       conf,
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true,
		ReadBufferSize:        buffer,
		WriteBufferSize:       buffer,
	}
	if p.config != "" {
		next = &configured{next: next, place: p}
	}
	patient := &patience{next: next, limit: c.options.Timeout}
	rt := transport.NewUserAgent(&retrying{wait: c.options.Wait, longest: c.options.Longest, next: &refusals{patient}}, c.options.Agent)
	c.transports[key] = rt
	return rt, nil
}
