// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/spf13/pflag"
	"google.golang.org/grpc/codes"

	"github.com/strata-build/strata/internal/engine"
)

// dialTimeout is how long a daemon may take to answer at all.
const dialTimeout = 30 * time.Second

// connection says where BuildKit is: a daemon, or the embedded engine when
// there is no address.
type connection struct {
	addr          string
	tlsServerName string
	tlsCACert     string
	tlsCert       string
	tlsKey        string
	root          string
	config        string
}

// bind adds the flags of a command that talks to BuildKit.
func (c *connection) bind(flags *pflag.FlagSet) {
	flags.StringVar(&c.addr, "addr", "", "`ADDRESS` of a BuildKit daemon (default $BUILDKIT_HOST; without one, the embedded engine)")
	flags.StringVar(&c.tlsServerName, "tlsservername", "", "name in the daemon's certificate (default: the address's host)")
	flags.StringVar(&c.tlsCACert, "tlscacert", "", "`FILE` with the CA of the daemon's certificate")
	flags.StringVar(&c.tlsCert, "tlscert", "", "`FILE` with the client's certificate")
	flags.StringVar(&c.tlsKey, "tlskey", "", "`FILE` with the client's key")
	flags.StringVar(&c.root, "root", "", "`FOLDER` of the embedded engine")
	flags.StringVar(&c.config, "config", "", "buildkitd.toml `FILE` of the embedded engine")
}

// resolve settles between a daemon and the embedded engine. A flag is stronger
// than the environment.
func (c connection) resolve(t terminal) (connection, error) {
	embedded := c.root != "" || c.config != ""
	if c.addr != "" && embedded {
		return c, usageError(errors.New("--root and --config are the embedded engine's: they do not go with --addr"), "")
	}
	if c.addr == "" && !embedded {
		c.addr = t.getenv("BUILDKIT_HOST")
	}
	return c, nil
}

// dial connects to BuildKit.
func (c connection) dial(ctx context.Context) (*client.Client, error) {
	if c.addr == "" {
		return engine.Connect(ctx, engine.Options{Root: c.root, Config: c.config})
	}
	if err := checkAddress(c.addr); err != nil {
		return nil, usageError(err, "")
	}
	opts, err := c.tls()
	if err != nil {
		return nil, err
	}
	bkc, err := client.New(ctx, c.addr, opts...)
	if err != nil {
		return nil, usageError(fmt.Errorf("--addr %q: %w", c.addr, err), "")
	}
	if err := c.greet(ctx, bkc); err != nil {
		bkc.Close()
		return nil, err
	}
	return bkc, nil
}

// checkAddress refuses an address that no daemon can have.
func checkAddress(addr string) error {
	scheme, _, ok := strings.Cut(addr, "://")
	if !ok {
		return fmt.Errorf("--addr %q has no scheme: for a socket it is unix://PATH", addr)
	}
	switch scheme {
	case "unix", "tcp", "npipe":
		return nil
	}
	helper, err := connhelper.GetConnectionHelper(addr)
	if err != nil {
		return fmt.Errorf("--addr %q: %w", addr, err)
	}
	if helper == nil {
		return fmt.Errorf("--addr %q has an unknown scheme: unix, tcp, ssh, docker-container, podman-container, nerdctl-container, kube-pod and npipe are known", addr)
	}
	return nil
}

// greet makes sure that a daemon is there and new enough, while the answer can
// still say so.
func (c connection) greet(ctx context.Context, bkc *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	_, err := bkc.Info(ctx)
	switch {
	case err == nil:
		return nil
	case grpcerrors.Code(err) == codes.Unimplemented:
		return &hinted{
			fmt.Errorf("the BuildKit daemon at %s is too old", c.addr),
			"Strata needs BuildKit 0.11 or later: upgrade the daemon",
		}
	}
	if s, ok := grpcerrors.AsGRPCStatus(err); ok {
		err = errors.New(s.Message()) // its wrapping says only how we asked
	}
	return &hinted{
		fmt.Errorf("no BuildKit daemon answers at %s: %w", c.addr, err),
		"start buildkitd there, or leave out --addr and BUILDKIT_HOST to build with the embedded engine",
	}
}

// tls are the client's options for a daemon that wants TLS.
func (c connection) tls() ([]client.ClientOpt, error) {
	var opts []client.ClientOpt
	if c.tlsCACert != "" {
		name := c.tlsServerName
		if name == "" {
			u, err := url.Parse(c.addr)
			if err != nil {
				return nil, usageError(fmt.Errorf("--addr %q: %w", c.addr, err), "")
			}
			name = u.Hostname()
		}
		opts = append(opts, client.WithServerConfig(name, c.tlsCACert))
	}
	if c.tlsCert != "" || c.tlsKey != "" {
		opts = append(opts, client.WithCredentials(c.tlsCert, c.tlsKey))
	}
	return opts, nil
}
