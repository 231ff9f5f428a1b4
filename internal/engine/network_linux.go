// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/network"
	"github.com/moby/buildkit/util/network/cniprovider"
	"github.com/moby/buildkit/util/network/proxyprovider"
)

// networks are the network modes a step can ask for, and what the default is called.
type networks struct {
	providers map[pb.NetMode]network.Provider
	proxy     network.ProxyProvider
	mode      string
}

// newNetworks does what BuildKit's netproviders does, but for the proxy, whose
// certificate authority takes longer to make than the rest of the engine to
// start: it is made when a build first asks for it.
func newNetworks(c config.NetworkConfig, root string) (*networks, error) {
	opt := cniprovider.Opt{
		Root:         filepath.Join(root, "cni"),
		ConfigPath:   c.CNIConfigPath,
		BinaryDir:    c.CNIBinaryPath,
		PoolSize:     c.CNIPoolSize,
		BridgeName:   c.BridgeName,
		BridgeSubnet: c.BridgeSubnet,
	}
	standard, mode, err := standardNetwork(c.Mode, opt)
	if err != nil {
		return nil, fmt.Errorf("set up the steps' network: %w", err)
	}
	host := network.NewHostProvider()
	return &networks{
		mode: mode,
		providers: map[pb.NetMode]network.Provider{
			pb.NetMode_UNSET: standard,
			pb.NetMode_NONE:  network.NewNoneProvider(),
			pb.NetMode_HOST:  host,
		},
		proxy: &lazyProxy{opt: proxyprovider.Opt{
			Root:            opt.Root,
			PoolSize:        opt.PoolSize,
			EgressProviders: map[pb.NetMode]network.Provider{pb.NetMode_UNSET: standard, pb.NetMode_HOST: host},
		}},
	}, nil
}

// standardNetwork is the network of steps that ask for none in particular.
func standardNetwork(mode string, opt cniprovider.Opt) (network.Provider, string, error) {
	switch mode {
	case "host":
		return network.NewHostProvider(), mode, nil
	case "cni":
		p, err := cniprovider.New(opt)
		return p, mode, err
	case "bridge":
		p, err := cniprovider.NewBridge(opt)
		return p, "cni", err
	case "auto", "":
		if _, err := os.Stat(opt.ConfigPath); err == nil {
			return standardNetwork("cni", opt)
		}
		return standardNetwork("host", opt)
	default:
		return nil, "", fmt.Errorf("worker.oci.networkMode is %q: it must be auto, bridge, cni or host", mode)
	}
}

// lazyProxy makes BuildKit's recording proxy at its first use.
type lazyProxy struct {
	opt proxyprovider.Opt

	mu   sync.Mutex
	made network.ProxyProvider
}

// NewProxy makes a network namespace behind the proxy.
func (p *lazyProxy) NewProxy(ctx context.Context, c *network.ProxyConfig) (network.ProxyNamespace, error) {
	p.mu.Lock()
	if p.made == nil {
		made, err := proxyprovider.New(p.opt)
		if err != nil {
			p.mu.Unlock()
			return nil, fmt.Errorf("set up the steps' proxy: %w", err)
		}
		p.made = made
	}
	made := p.made
	p.mu.Unlock()
	return made.NewProxy(ctx, c)
}

// Close removes the proxy if there is one.
func (p *lazyProxy) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		return nil
	}
	return p.made.Close()
}
