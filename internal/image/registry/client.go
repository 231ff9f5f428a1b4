// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Options say how registries are reached. The zero value is what docker does.
type Options struct {
	// Insecure allows plain http, and certificates that no one vouches for.
	Insecure bool
	// CertDir has certificates for every registry: *.crt is trusted, *.cert with
	// a *.key of the same name is shown. Empty for the system's directories.
	CertDir string
	// AuthFile has credentials in the form of docker's config.json. Empty for the
	// user's files.
	AuthFile string
	// Config is a buildkitd.toml whose registry tables say what is insecure, where
	// mirrors and certificates are. Empty for none.
	Config string
	// Env is the environment, os.LookupEnv if nil.
	Env func(name string) (string, bool)
	// Wait is the first pause before a request is sent again, later ones double.
	// 0 for a fifth of a second.
	Wait time.Duration
	// Longest is the longest pause that a registry may ask for; one that asks for more is
	// not waited for. 0 for a minute, negative for none at all.
	Longest time.Duration
	// Timeout is how long a registry may leave a request without an answer. 0 for five
	// minutes, negative for no limit.
	Timeout time.Duration
	// Agent is what the client calls itself.
	Agent string
	// Known is a directory that remembers where registries have blobs, so that they can
	// be mounted from one repository to another. It is made when it is needed. Empty
	// for none.
	Known string
}

// Client reaches registries. It is safe for concurrent use.
type Client struct {
	options Options
	hosts   *hosts
	keys    *keychain

	mu         sync.Mutex
	transports map[string]http.RoundTripper
	challenges map[string]*transport.Challenge
	known      map[string]*known
	pushed     map[string]bool
}

// New reads the configuration.
func New(o Options) (*Client, error) {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Wait == 0 {
		o.Wait = 200 * time.Millisecond
	}
	if o.Longest == 0 {
		o.Longest = time.Minute
	}
	o.Longest = max(o.Longest, 0)
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.Agent == "" {
		o.Agent = "strata"
	}
	h, err := readHosts(o)
	if err != nil {
		return nil, err
	}
	return &Client{
		options: o, hosts: h, keys: &keychain{file: o.AuthFile, env: o.Env},
		transports: map[string]http.RoundTripper{}, challenges: map[string]*transport.Challenge{}, known: map[string]*known{},
		pushed: map[string]bool{},
	}, nil
}

// WillPush says that a repository is going to be pushed to, so that the first login for
// it is good for that: some servers give no better token later.
func (c *Client) WillPush(ref reference.Named) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushed[ref.Name()] = true
}

// scope is what a login is asked for where one for pulling would do.
func (c *Client) scope(s *session) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pushed[s.name] && !s.place.mirror {
		return transport.PushScope
	}
	return transport.PullScope
}

// Repository gives the repository of a reference. Nothing is asked yet.
func (c *Client) Repository(ref reference.Named) (*Repository, error) {
	r := &Repository{client: c}
	places, err := c.hosts.places(reference.Domain(ref), reference.Path(ref))
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		r.sessions = append(r.sessions, &session{client: c, place: place, name: ref.Name()})
	}
	r.known = c.knownBlobs(r.upstream().place)
	return r, nil
}
