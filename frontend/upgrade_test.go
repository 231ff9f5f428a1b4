// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import "testing"

// TestUpgradeTheBase brings a base up to date: what its archives have newer comes in,
// what its pins hold back stays, nothing else changes, and the lock has all of it.
func TestUpgradeTheBase(t *testing.T) {
	h := newHouse(t)
	a := configured(t)
	base := h.configuredBase(t, a, "upgrade:1")
	dir := h.project(t, `
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
	h.mustLock(t, a, dir)
	contains(t, read(t, dir, "strata.lock"), "      upgrade: \"true\"\n", "        - []\n        - [service]\n",
		`{name: tool, version: "2-1", arch: all, repository`, `{name: service, version: "1", arch: all, layer: 1, `)
	w := way{"strata", h.strata}
	image := w.image(t, h, "", flags(dir)...)
	want(t, "what is installed", h.healthy(t, image, "tool library service"), "ii library 1\nii service 1\nii tool 2-1\n")

	replace(t, dir+"/strata.yaml", "upgrade: true", "upgrade: security")
	out, err := h.strata(flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("a lock of other upgrades is not an error")
	}
	contains(t, out, "strata.yaml:8:25: the lock is not up to date: strata.lock was written with other `upgrade`")
}

// TestUpgradeAlpine does the same for a base of Alpine.
func TestUpgradeAlpine(t *testing.T) {
	h := newHouse(t)
	a := tools(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+h.apkBase(t, a)+"\nlayers:\n  - packages: {upgrade: true}\n")
	root := way{"strata", h.strata}.files(t, flags(dir)...)
	if got := installedIn(t, root, "usr/lib/apk/db/installed"); got["accounts"] == "1-r0" || got["accounts"] == "" || len(got) != 2 {
		t.Errorf("installed are %v", got)
	}
}
