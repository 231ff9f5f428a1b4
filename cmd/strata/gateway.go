// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/buildkit/client"
)

// hostGatewayLabel is how a worker says which address its machine has, seen
// from a build step.
const hostGatewayLabel = "org.mobyproject.buildkit.worker.moby.host-gateway-ip"

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
	return "", errors.New("this daemon does not tell its host-gateway: give the address itself")
}
