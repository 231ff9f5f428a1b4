// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package connect reaches BuildKit: a daemon at an address, a builder of buildx's with
// one node or several, or the embedded engine.
package connect

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/spf13/pflag"
	"google.golang.org/grpc/codes"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/engine"
	"github.com/strata-build/strata/internal/plainfile"
)

// dialTimeout is how long a daemon may take to answer at all.
const dialTimeout = 30 * time.Second

// Options say where BuildKit is. The zero Options are the embedded engine in its
// own directory.
type Options struct {
	// Addr is the address of a daemon.
	Addr string
	// TLSServerName is the name in the daemon's certificate, if it is not the
	// address's host; the other three are PEM files.
	TLSServerName, TLSCACert, TLSCert, TLSKey string
	// OnBuilder says to build on a builder of buildx's, and Builder is its name; empty for
	// the current one.
	OnBuilder bool
	Builder   string
	// Root is the directory of the embedded engine.
	Root string
	// Config is the engine's buildkitd.toml.
	Config string
}

// Bind adds the flags of a command that talks to BuildKit.
func (o *Options) Bind(flags *pflag.FlagSet) {
	flags.StringVar(&o.Addr, "addr", "", "`ADDRESS` of a BuildKit daemon (default $BUILDKIT_HOST; without one, the embedded engine)")
	flags.Var(builderFlag{o}, "builder", "`NAME` of a builder of docker buildx, or \"\" for its current one (default $BUILDX_BUILDER)")
	flags.StringVar(&o.TLSServerName, "tlsservername", "", "name in the daemon's certificate (default: the address's host)")
	flags.StringVar(&o.TLSCACert, "tlscacert", "", "`FILE` with the CA of the daemon's certificate")
	flags.StringVar(&o.TLSCert, "tlscert", "", "`FILE` with the client's certificate")
	flags.StringVar(&o.TLSKey, "tlskey", "", "`FILE` with the client's key")
	flags.StringVar(&o.Root, "root", "", "`DIRECTORY` of the embedded engine")
	flags.StringVar(&o.Config, "config", "", "buildkitd.toml `FILE` of the embedded engine")
}

// builderFlag is --builder, whose value may be empty.
type builderFlag struct{ o *Options }

func (f builderFlag) String() string { return "" }
func (f builderFlag) Type() string   { return "string" }

// Set takes the name.
func (f builderFlag) Set(name string) error {
	f.o.Builder, f.o.OnBuilder = name, true
	return nil
}

// Explain adds to an error what to do if the daemon or the embedded engine has ended, or the
// engine's directory is damaged.
func (o Options) Explain(err error) error {
	if err == nil {
		return nil
	}
	if hint := o.hint(err); hint != "" {
		return cli.Hint(err, hint)
	}
	return err
}

// hint is what to do about an error; empty when nothing is known.
func (o Options) hint(err error) string {
	if o.Addr != "" || o.OnBuilder {
		if Lost(err) {
			return "the daemon has ended, or closed the connection: run the command again, and look into the daemon's log"
		}
		return ""
	}
	own := engine.Options{Root: o.Root}
	if hint := engine.Damage(own, err); hint != "" || !Lost(err) {
		return hint
	}
	return engine.Ended(own)
}

// Lost reports whether an error is gRPC's about a connection that broke, or that can't be made
// again.
func Lost(err error) bool {
	return strings.Contains(err.Error(), "error reading from server: ") || strings.Contains(err.Error(), "Error while dialing: ")
}

// Dial connects to BuildKit, and starts the embedded engine when it is not running. Of a
// builder with several nodes it is the one for a platform, or the first if that is empty.
func (o Options) Dial(ctx context.Context, platform string) (*client.Client, error) {
	if o.OnBuilder {
		b, err := findBuilder(o.Builder)
		if err != nil {
			return nil, err
		}
		return b.dial(ctx, platform)
	}
	if o.Addr == "" {
		c, err := engine.Connect(ctx, engine.Options{Root: o.Root, Config: o.Config})
		return c, o.Explain(err)
	}
	if err := checkAddress(o.Addr); err != nil {
		return nil, cli.Usage(err, "")
	}
	opts, err := o.tls()
	if err != nil {
		return nil, err
	}
	bkc, err := client.New(ctx, o.Addr, opts...)
	if err != nil {
		return nil, cli.Usage(fmt.Errorf("--addr %q: %w", o.Addr, err), "")
	}
	if err := o.greet(ctx, bkc); err != nil {
		bkc.Close()
		return nil, err
	}
	return bkc, nil
}

// checkAddress reports what makes an address one that no daemon can have.
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
func (o Options) greet(ctx context.Context, bkc *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	_, err := bkc.Info(ctx)
	switch {
	case err == nil:
		return nil
	case grpcerrors.Code(err) == codes.Unimplemented:
		return cli.Hint(
			fmt.Errorf("the BuildKit daemon at %s is too old", o.Addr),
			"Strata needs BuildKit 0.20 or later: upgrade the daemon",
		)
	}
	if s, ok := grpcerrors.AsGRPCStatus(err); ok {
		err = errors.New(s.Message()) // its wrapping says only how the question was sent
	}
	return cli.Hint(
		fmt.Errorf("no BuildKit daemon answers at %s: %w", o.Addr, err),
		"start buildkitd there, or leave out --addr and BUILDKIT_HOST to build with the embedded engine",
	)
}

// tls are the client's options for a daemon that wants TLS.
func (o Options) tls() ([]client.ClientOpt, error) {
	var opts []client.ClientOpt
	for flag, path := range map[string]string{"--tlscacert": o.TLSCACert, "--tlscert": o.TLSCert, "--tlskey": o.TLSKey} {
		// The client reads them itself; what isn't there is told by it, too.
		if fi, err := os.Stat(path); err == nil && !plainfile.IsHanded(path) {
			if err := plainfile.Check(path, fi); err != nil {
				return nil, cli.Usage(fmt.Errorf("%s: %w", flag, err), "")
			}
		}
	}
	if o.TLSServerName != "" && o.TLSCACert == "" {
		return nil, cli.Usage(errors.New("--tlsservername is the name in a certificate of the CA that --tlscacert gives, and that is missing"), "")
	}
	if o.TLSCACert != "" {
		name := o.TLSServerName
		if name == "" {
			u, err := url.Parse(o.Addr)
			if err != nil {
				return nil, cli.Usage(fmt.Errorf("--addr %q: %w", o.Addr, err), "")
			}
			name = u.Hostname()
		}
		opts = append(opts, client.WithServerConfig(name, o.TLSCACert))
	}
	if o.TLSCert != "" || o.TLSKey != "" {
		opts = append(opts, client.WithCredentials(o.TLSCert, o.TLSKey))
	}
	return opts, nil
}
