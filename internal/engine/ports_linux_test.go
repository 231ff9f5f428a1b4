// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/containerd/containerd/v2/core/remotes/docker"
)

// TestWithoutPorts asks for registries with and without ports that exist.
func TestWithoutPorts(t *testing.T) {
	hosts := withoutPorts(func(name string) ([]docker.RegistryHost, error) { return []docker.RegistryHost{{Host: name}}, nil })
	for name, there := range map[string]bool{"docker.io": true, "127.0.0.1:5000": true, "[::1]:65535": true, "docker.io:65536": false, "[::1]:70536": false} {
		all, err := hosts(name)
		if err != nil || len(all) != 1 || (all[0].Client == nil) != there {
			t.Errorf("%s: %v, %v", name, all, err)
		}
		if there {
			continue
		}
		resp, err := all[0].Client.Get("https://" + name + "/v2/") //nolint:noctx // nothing is sent
		if err == nil {
			resp.Body.Close()
			t.Errorf("%s is asked", name)
		}
	}
}
