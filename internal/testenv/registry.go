// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// RegistryOptions says how the registry is to run. The zero value is one that
// everybody may push to.
type RegistryOptions struct {
	// User and Password, when set, are asked of every client.
	User     string
	Password string
	// Tokens, when set, are asked for instead.
	Tokens *TokenServer
}

// Registry is a running docker-registry with a recorder in front of it.
type Registry struct {
	// Host is the name to push to, 127.0.0.1:PORT.
	Host string
	*Recorder

	faults  *misbehaving
	options RegistryOptions
	process *process
	server  *http.Server
}

// NewRegistry starts an empty registry on 127.0.0.1, by http.
func NewRegistry(t testing.TB, options RegistryOptions) *Registry {
	t.Helper()
	r, err := startRegistry(Dir(t), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("requests to the registry %s:\n%s", r.Host, r.Recorder)
		}
		r.close()
	})
	return r
}

func startRegistry(dir string, options RegistryOptions) (*Registry, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make registry's directory: %w", err)
	}
	socket := filepath.Join(dir, "registry.sock")
	config := filepath.Join(dir, "config.yml")
	if err := writeRegistryConfig(dir, config, socket, options); err != nil {
		return nil, err
	}
	path, err := findProgram("docker-registry")
	if err != nil {
		return nil, err
	}
	p, err := startProcess(exec.Command(path, "serve", config), filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	if err := p.waitFor(func() error { return dialOnce(dial) }); err != nil {
		p.kill()
		return nil, err
	}
	faults := &misbehaving{next: forwarder(dial)}
	r := &Registry{Recorder: &Recorder{next: faults}, faults: faults, options: options, process: p}
	if r.Host, r.server, err = listen(r.Recorder); err != nil {
		p.kill()
		return nil, err
	}
	return r, nil
}

// close ends the registry.
func (r *Registry) close() {
	_ = r.server.Close()
	r.process.kill()
}

func writeRegistryConfig(dir, config, socket string, options RegistryOptions) error {
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"+
		"storage: {filesystem: {rootdirectory: %q}}\nhttp: {net: unix, addr: %q}\n",
		filepath.Join(dir, "storage"), socket)
	if options.User != "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(options.Password), bcrypt.MinCost)
		if err != nil {
			return fmt.Errorf("hash password: %w", err)
		}
		passwords := filepath.Join(dir, "htpasswd")
		if err := os.WriteFile(passwords, fmt.Appendf(nil, "%s:%s\n", options.User, hash), 0o600); err != nil {
			return fmt.Errorf("write htpasswd: %w", err)
		}
		text += fmt.Sprintf("auth: {htpasswd: {realm: strata, path: %q}}\n", passwords)
	}
	if options.Tokens != nil {
		text += options.Tokens.config()
	}
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write registry config: %w", err)
	}
	return nil
}

// forwarder passes requests on, under the name the client used: a registry
// builds its upload addresses from that.
func forwarder(dial func(ctx context.Context, network, addr string) (net.Conn, error)) http.Handler {
	return &httputil.ReverseProxy{
		// A client that hangs up is not news.
		ErrorLog:  log.New(io.Discard, "", 0),
		Transport: &http.Transport{DialContext: dial},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme = "http"
			p.Out.URL.Host = p.In.Host
			p.Out.Host = p.In.Host
			if p.In.TLS != nil {
				p.Out.Header.Set("X-Forwarded-Proto", "https")
			}
		},
	}
}

func dialOnce(dial func(ctx context.Context, network, addr string) (net.Conn, error)) error {
	conn, err := dial(context.Background(), "", "")
	if err != nil {
		return err
	}
	return conn.Close()
}
