// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
)

// withoutPorts are registries that are not asked if they have a port that doesn't exist:
// builds without a network name those, and a proxy would be asked as well.
func withoutPorts(hosts docker.RegistryHosts) docker.RegistryHosts {
	return func(name string) ([]docker.RegistryHost, error) {
		if i := strings.LastIndexByte(name, ':'); i >= 0 {
			if port, err := strconv.Atoi(name[i+1:]); err == nil && port > math.MaxUint16 {
				return []docker.RegistryHost{{
					Client: &http.Client{Transport: unasked{}}, Host: name, Scheme: "https", Path: "/v2",
					Capabilities: docker.HostCapabilityPull | docker.HostCapabilityResolve,
				}}, nil
			}
		}
		return hosts(name)
	}
}

// unasked is a transport that sends nothing.
type unasked struct{}

// RoundTrip refuses a request.
func (unasked) RoundTrip(req *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s is not asked: there is no such port", req.URL.Host)
}
