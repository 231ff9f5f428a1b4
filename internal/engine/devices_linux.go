// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"os"
	"slices"

	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/solver/llbsolver/cdidevices"
	"github.com/moby/buildkit/util/appdefaults"
	"tags.cncf.io/container-device-interface/pkg/cdi"
)

// newDevices offers the machine's devices (GPUs and the like) to steps that ask
// for them, if any is described to the Container Device Interface.
func newDevices(c config.CDIConfig) (*cdidevices.Manager, error) {
	dirs := c.SpecDirs
	if len(dirs) == 0 {
		dirs = appdefaults.CDISpecDirs
	}
	exists := func(dir string) bool { _, err := os.Stat(dir); return err == nil }
	if (c.Disabled != nil && *c.Disabled) || !slices.ContainsFunc(dirs, exists) {
		return nil, nil //nolint:nilnil // no manager means no devices
	}
	devices, err := cdi.NewCache(cdi.WithSpecDirs(dirs...))
	if err != nil {
		return nil, fmt.Errorf("read the machine's devices: %w", err)
	}
	return cdidevices.NewManager(devices, c.AutoAllowed), nil
}
