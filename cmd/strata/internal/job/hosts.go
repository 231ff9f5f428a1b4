// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/internal/flags"
)

// hostGatewayLabel is how a worker reports the address of its machine, seen
// from a build step.
const hostGatewayLabel = "org.mobyproject.buildkit.worker.moby.host-gateway-ip"

// checkHosts checks --add-host as far as it can be done without a daemon.
func checkHosts(hosts []string) error {
	_, err := flags.ExtraHosts(hosts, func() (string, error) { return "", nil })
	return err
}

// addGateway adds the hosts of --add-host, of which only the daemon knows the
// address of host-gateway.
func (j *job) addGateway(ctx context.Context, bkc *client.Client, opt *client.SolveOpt) error {
	hosts, err := flags.ExtraHosts(j.addHosts, func() (string, error) {
		return hostGateway(ctx, bkc)
	})
	if err != nil {
		return err
	}
	set(opt.FrontendAttrs, "add-hosts", hosts)
	return nil
}

// hostGateway is the address that host-gateway stands for.
func hostGateway(ctx context.Context, bkc *client.Client) (string, error) {
	workers, err := bkc.ListWorkers(ctx)
	if err != nil {
		return "", fmt.Errorf("ask for host-gateway: %w", err)
	}
	for _, w := range workers {
		if ip := w.Labels[hostGatewayLabel]; ip != "" {
			return ip, nil
		}
	}
	return "", errors.New("this daemon does not report its host-gateway: give the address itself")
}
