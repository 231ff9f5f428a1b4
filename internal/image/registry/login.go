// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/remotes/docker/auth"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// repeats is how often a request is sent again when its login is refused: once with a
// new one, and once more because a token that was just given out may not be known yet
// everywhere in a registry.
const repeats = 2

// authorized sends requests to a registry with the login that it asks for: at its
// greeting, or when it refuses a request. Requests to other hosts, where the registry
// may redirect to, get none.
type authorized struct {
	next     http.RoundTripper
	session  *session
	registry name.Registry
	insecure bool
	scopes   []string

	mu   sync.Mutex
	auth authn.Authenticator
	// challenge is what the registry asked for last.
	challenge *transport.Challenge
	// header is the Authorization of requests, empty for none. Its number grows with
	// each other one.
	header string
	number int
}

// RoundTrip sends a request, and again when its login is refused and there is another.
func (a *authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameHost(req.URL, a.registry.RegistryStr()) {
		return a.elsewhere(req)
	}
	header, number := a.current()
	for i := 0; ; i++ {
		try := req.Clone(req.Context())
		if header != "" {
			try.Header.Set("Authorization", header)
		}
		resp, err := a.next.RoundTrip(try)
		if err != nil || resp.StatusCode != http.StatusUnauthorized || i == repeats || i > 0 && isFinal(resp, header) {
			return resp, err
		}
		if i == 0 {
			header, number, err = a.renew(req.Context(), resp, number)
		} else {
			header, number = a.current()
		}
		if err != nil {
			resp.Body.Close()
			return nil, err
		}
		if number < 0 {
			return resp, nil
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 1<<16) // so that the connection can be used again
		resp.Body.Close()
	}
}

// elsewhere sends a request to another host, which the registry has redirected to. That
// may ask for a token, too, but gets no credentials.
func (a *authorized) elsewhere(req *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	c := challengeOf(resp, req.URL.Scheme == "http")
	if c == nil || c.Scheme != "bearer" {
		return resp, nil
	}
	host, err := name.NewRegistry(req.URL.Host, name.WeakValidation)
	if err != nil {
		return resp, nil //nolint:nilerr // the refusal says more
	}
	t, err := transport.Exchange(req.Context(), host, authn.Anonymous, a.next, []string{c.Parameters["scope"]}, c)
	if err != nil {
		return resp, nil //nolint:nilerr // the refusal says more
	}
	resp.Body.Close()
	try := req.Clone(req.Context())
	try.Header.Set("Authorization", "Bearer "+cmp.Or(t.AccessToken, t.Token))
	return a.next.RoundTrip(try)
}

// isFinal reports whether it can't help to send a request with the same login once more:
// it was a password, or a token that is known and not good for the request.
func isFinal(resp *http.Response, header string) bool {
	if !strings.HasPrefix(header, "Bearer ") {
		return true
	}
	c := challengeOf(resp, false)
	return c != nil && c.Parameters["error"] == "insufficient_scope"
}

// sameHost reports whether an address is of a host, which may leave out the usual port.
func sameHost(u *url.URL, host string) bool {
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return strings.TrimSuffix(u.Host, usual) == strings.TrimSuffix(host, usual)
}

func (a *authorized) current() (string, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.header, a.number
}

// renew gets another login than the one with a number, which was refused: one that
// another request has got meanwhile, or what the answer asks for. The number is
// negative when there is none.
func (a *authorized) renew(ctx context.Context, resp *http.Response, number int) (string, int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.number != number {
		return a.header, a.number, nil
	}
	if c := challengeOf(resp, a.insecure); c != nil {
		a.challenge = c
	}
	old := a.header
	if err := a.login(ctx); err != nil {
		return "", -1, err
	}
	if a.header == old {
		return "", -1, nil
	}
	return a.header, a.number, nil
}

// login logs in as the challenge asks for.
func (a *authorized) login(ctx context.Context) error {
	if a.challenge == nil {
		return nil
	}
	config, err := authn.Authorization(ctx, a.auth)
	if err != nil {
		return err
	}
	header := ""
	switch strings.ToLower(a.challenge.Scheme) {
	case "basic":
		header = basic(config)
	case "bearer":
		token, err := a.token(ctx, config)
		if err != nil {
			return err
		}
		a.session.bearer.Store(true)
		header = "Bearer " + token
	}
	if header == "" {
		return nil
	}
	if *config != (authn.AuthConfig{}) {
		a.session.sent.Store(true)
	}
	a.header = header
	a.number++
	return nil
}

// basic is the header with a password, or what there is instead; empty for none.
func basic(config *authn.AuthConfig) string {
	switch {
	case config.RegistryToken != "":
		return "Bearer " + config.RegistryToken
	case config.Username != "" && config.Password != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(config.Username+":"+config.Password))
	case config.Auth != "":
		return "Basic " + config.Auth
	}
	return ""
}

// token gets a token from the server that the challenge names.
func (a *authorized) token(ctx context.Context, config *authn.AuthConfig) (string, error) {
	if config.RegistryToken != "" {
		return config.RegistryToken, nil
	}
	if *config != (authn.AuthConfig{}) {
		a.session.sent.Store(true)
	}
	scopes := a.scopes
	if more := a.challenge.Parameters["scope"]; more != "" && !covered(more, scopes) {
		scopes = append([]string{more}, scopes...) // some servers look at the first one only
	}
	t, err := transport.Exchange(ctx, a.atRealm(), a.auth, a.next, scopes, a.challenge)
	if err != nil {
		return "", err
	}
	if t.RefreshToken != "" {
		a.auth = authn.FromConfig(authn.AuthConfig{IdentityToken: t.RefreshToken})
	}
	return cmp.Or(t.AccessToken, t.Token), nil
}

// atRealm is the registry as the one that gives tokens, if that is another port of the
// same host: go-containerregistry takes private addresses of other hosts for an attack.
func (a *authorized) atRealm() name.Registry {
	realm, err := url.Parse(a.challenge.Parameters["realm"])
	own, _, _ := strings.Cut(a.registry.RegistryStr(), ":")
	if err != nil || realm.Hostname() != own || a.challenge.Parameters["service"] == "" {
		return a.registry
	}
	r, err := name.NewRegistry(realm.Host, name.Insecure)
	if err != nil {
		return a.registry
	}
	return r
}

// covered reports whether one of the scopes has all of another one.
func covered(scope string, scopes []string) bool {
	return slices.ContainsFunc(scopes, func(has string) bool {
		i, j := strings.LastIndex(has, ":"), strings.LastIndex(scope, ":")
		if i < 0 || j < 0 || has[:i] != scope[:j] {
			return false
		}
		actions := strings.Split(has[i+1:], ",")
		return !slices.ContainsFunc(strings.Split(scope[j+1:], ","), func(action string) bool { return !slices.Contains(actions, action) })
	})
}

// challengeOf is what an answer asks for: a token rather than a password; nil if it
// asks for nothing that is known.
func challengeOf(resp *http.Response, insecure bool) *transport.Challenge {
	for _, c := range auth.ParseAuthHeader(resp.Header) {
		switch c.Scheme {
		case auth.BearerAuth:
			return &transport.Challenge{Scheme: "bearer", Parameters: c.Parameters, Insecure: insecure}
		case auth.BasicAuth:
			return &transport.Challenge{Scheme: "basic", Parameters: c.Parameters, Insecure: insecure}
		}
	}
	return nil
}
