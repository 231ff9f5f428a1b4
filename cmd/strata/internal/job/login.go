// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/auth/authprovider"
	"google.golang.org/grpc"
)

// logins give the daemon the credentials for registries that docker's
// configuration has. The answer of a registry comes back through the daemon
// without the registry's name, so they add it.
type logins struct {
	auth.AuthServer
	config *configfile.ConfigFile

	mu sync.Mutex
	// asked are the registries that the daemon wanted credentials for.
	asked map[string]bool
}

func newLogins(config *configfile.ConfigFile) (*logins, error) {
	provider := authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: askHelpers(config, helperLimit),
	})
	server, ok := provider.(auth.AuthServer)
	if !ok {
		return nil, fmt.Errorf("BuildKit's %T does not give credentials", provider)
	}
	return &logins{AuthServer: server, config: config, asked: map[string]bool{}}, nil
}

// Credentials gives the daemon those for a registry.
func (l *logins) Credentials(ctx context.Context, req *auth.CredentialsRequest) (*auth.CredentialsResponse, error) {
	l.note(req.Host)
	return l.AuthServer.Credentials(ctx, req)
}

// note remembers that the daemon has wanted credentials for a registry.
func (l *logins) note(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[host] = true
}

// wasAsked reports whether it has.
func (l *logins) wasAsked(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[host]
}

// Register makes the logins part of a session.
func (l *logins) Register(server *grpc.Server) { auth.RegisterAuthServer(server, l) }

// FetchToken gets a token for the daemon from the server that a registry names.
func (l *logins) FetchToken(ctx context.Context, req *auth.FetchTokenRequest) (*auth.FetchTokenResponse, error) {
	l.note(req.Host)
	resp, err := l.AuthServer.FetchToken(ctx, req)
	if err == nil {
		return resp, nil
	}
	if strings.Contains(strings.ToLower(err.Error()), "unauthorized") {
		return nil, fmt.Errorf("%s: %s", purpose(req), l.refused(req.Host))
	}
	return nil, fmt.Errorf("%s: %w", purpose(req), err)
}

// purpose says what a token is for.
func purpose(req *auth.FetchTokenRequest) string {
	for _, scope := range req.Scopes {
		parts := strings.Split(scope, ":")
		if len(parts) != 3 || parts[0] != "repository" {
			continue
		}
		verb := "pull"
		if strings.Contains(parts[2], "push") {
			verb = "push"
		}
		return fmt.Sprintf("%s %s/%s", verb, req.Host, parts[1])
	}
	return "reach " + req.Host
}

// refused says that a registry accepts no login with the credentials for it.
func (l *logins) refused(host string) string {
	kind := l.kind(host)
	switch {
	case kind != "" && l.wasAsked(host):
		return fmt.Sprintf("%s does not accept the %s of %s", host, kind, l.config.Filename)
	case kind != "": // it was not sent, or by an earlier build
		return fmt.Sprintf("%s wants a login, and got none that it accepts; %s has a %s for it", host, l.config.Filename, kind)
	}
	return fmt.Sprintf("%s wants a login, and %s has no credentials for it (docker login %s)", host, l.config.Filename, host)
}

// kind is the kind of credentials that a registry gets, empty if there are none.
func (l *logins) kind(host string) string {
	if host == "docker.io" || strings.HasSuffix(host, ".docker.io") {
		host = authprovider.DockerHubConfigfileKey
	}
	c, err := l.config.GetAuthConfig(host)
	switch {
	case err != nil:
		return ""
	case c.IdentityToken != "":
		return "identity token"
	case c.RegistryToken != "":
		return "token"
	case c.Username != "" || c.Auth != "":
		return "user name and password"
	}
	return ""
}
