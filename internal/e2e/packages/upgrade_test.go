// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"fmt"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestUpgradeTheBase brings a base up to date: what its archives have newer comes in,
// what its pins hold back stays, nothing else changes, and the lock has all of it.
func TestUpgradeTheBase(t *testing.T) {
	h := house.New(t)
	a := configured(t)
	base := configuredBase(t, h, a, "upgrade:1")
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
targets:
  old:
    from: `+base+`
    layers: [{packages: [tool=1*]}]
from: target:old
layers:
  - packages: {upgrade: true}
  - packages: [service]
`)
	h.MustLock(t, a, dir)
	house.Contains(t, house.Read(t, dir, "strata.lock"), "      upgrade: \"true\"\n", "        - []\n        - [service]\n",
		`{name: tool, version: "2-1", arch: all, repository`, `{name: service, version: "1", arch: all, layer: 1, `)
	w := h.ByStrata()
	image := w.Image(t, h, "", house.Flags(dir)...)
	house.Want(t, "what is installed", h.Healthy(t, image, "tool library service"), "ii library 1\nii service 1\nii tool 2-1\n")

	house.Replace(t, dir+"/strata.yaml", "upgrade: true", "upgrade: security")
	out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("a lock of other upgrades is not an error")
	}
	house.Contains(t, out, "strata.yaml:8:25: the lock is not up to date: strata.lock was written with other `upgrade`")
	status, out := h.Lock(t, a, dir)
	house.Want(t, "exit status", fmt.Sprint(status), "0")
	house.Contains(t, out, "none of the archives is one of security updates, so that `upgrade: security` brings nothing up to date")
}

// TestUpgradeAlpine does the same for a base of Alpine.
func TestUpgradeAlpine(t *testing.T) {
	h := house.New(t)
	a := tools(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+apkBase(t, h, a)+"\nlayers:\n  - packages: {upgrade: true}\n")
	root := h.ByStrata().Files(t, house.Flags(dir)...)
	if got := installedIn(t, root, "usr/lib/apk/db/installed"); got["accounts"] == "1-r0" || got["accounts"] == "" || len(got) != 2 {
		t.Errorf("installed are %v", got)
	}
}
