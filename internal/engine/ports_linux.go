// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
)

// withoutPorts are registries, none of which has a port that doesn't exist: builds
// without a network ask for those, and a proxy would be asked as well.
func withoutPorts(hosts docker.RegistryHosts) docker.RegistryHosts {
	return func(name string) ([]docker.RegistryHost, error) {
		if i := strings.LastIndexByte(name, ':'); i >= 0 {
			if port, err := strconv.Atoi(name[i+1:]); err == nil && port > math.MaxUint16 {
				return nil, fmt.Errorf("there is no port %d: %s is not asked", port, name)
			}
		}
		return hosts(name)
	}
}
