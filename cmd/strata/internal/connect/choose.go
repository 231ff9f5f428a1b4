// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"errors"
	"runtime"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/flags"
)

// Resolve decides between a daemon at an address, a builder of buildx's and the embedded
// engine.
func (o Options) Resolve(env flags.Lookup) (Options, error) {
	return o.resolve(env, runtime.GOOS == "linux")
}

// resolve takes a flag before the environment, and an address before a builder. Without
// both, the embedded engine builds where there is one, or else buildx's current builder.
func (o Options) resolve(env flags.Lookup, hasEngine bool) (Options, error) {
	embedded := o.Root != "" || o.Config != ""
	switch {
	case o.Addr != "" && embedded:
		return o, cli.Usage(errors.New("--root and --config are the embedded engine's: they do not go with --addr"), "")
	case o.OnBuilder && embedded:
		return o, cli.Usage(errors.New("--root and --config are the embedded engine's: they do not go with --builder"), "")
	case o.OnBuilder && (o.Addr != "" || o.hasTLS()):
		return o, cli.Usage(errors.New("--builder is one of buildx's, which knows its address: it does not go with --addr and --tls…"), "")
	case embedded && o.hasTLS():
		return o, cli.Usage(errors.New("--root and --config are the embedded engine's, which is reached without TLS: they do not go with --tls…"), "")
	case o.OnBuilder || o.Addr != "" || embedded:
		return o, nil
	}
	if o.Addr, _ = env("BUILDKIT_HOST"); o.Addr != "" {
		return o, nil
	}
	if o.hasTLS() {
		return o, cli.Usage(errors.New("--tls… are for a BuildKit daemon, and none is named"), "give its address with --addr or BUILDKIT_HOST")
	}
	o.Builder, _ = env("BUILDX_BUILDER")
	o.OnBuilder = o.Builder != "" || !hasEngine
	return o, nil
}

func (o Options) hasTLS() bool {
	return o.TLSCACert != "" || o.TLSCert != "" || o.TLSKey != "" || o.TLSServerName != ""
}
