// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
)

// TestPackagesLikeAnImage assembles packages on scratch from the archives of another
// image, with its keys and by its pins, first without a lock, then from the lock
// without asking for that image.
func TestPackagesLikeAnImage(t *testing.T) {
	h := newHouse(t)
	a := configured(t)
	like := h.configuredBase(t, a, "like:1")
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - packages: {names: [tool], like: \""+like+"\"}\n")
	w := way{"strata", h.strata}
	unlocked := w.files(t, flags(dir)...)
	h.mustLock(t, a, dir)
	contains(t, read(t, dir, "strata.lock"),
		"      like: \""+like+"@sha256:", `{name: tool, version: "2-1", `, `{name: library, version: "1", `, "uris: [\""+a.URL)
	a.Reset()
	locked := w.files(t, flags(dir)...)
	if diff := cmp.Diff(read(t, unlocked, "var/lib/dpkg/status"), read(t, locked, "var/lib/dpkg/status")); diff != "" {
		t.Errorf("the lock gives other packages (-unlocked +locked):\n%s", diff)
	}
	for _, asked := range a.Requests() {
		if strings.Contains(asked.Path, "dists/") {
			t.Errorf("a build with a lock asks for %s", asked.Path)
		}
	}
	replace(t, filepath.Join(dir, "strata.yaml"), ", like: \""+like+"\"", "")
	out, err := h.strata(flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("a lock that was written like an image holds without it")
	}
	contains(t, out, "strata.yaml:3:15: the lock is not up to date: strata.lock has packages like those of "+like)
}

// TestPackagesLikeATarget takes the configuration from a target, for packages of
// Alpine.
func TestPackagesLikeATarget(t *testing.T) {
	h := newHouse(t)
	a := tools(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
targets:
  conf:
    from: `+h.apkBase(t, a)+`
    layers: [{files: [{dest: /etc/motd, content: hello}]}]
layers:
  - packages: {names: [plain], like: "target:conf"}
`)
	root := way{"strata", h.strata}.files(t, flags(dir)...)
	if diff := cmp.Diff(map[string]string{"plain": "3_rc1-r1"}, installedIn(t, root, "lib/apk/db/installed")); diff != "" {
		t.Errorf("what is installed (-want +got):\n%s", diff)
	}
}

// TestPackagesLikeNothing names images that can't say where packages come from.
func TestPackagesLikeNothing(t *testing.T) {
	h := newHouse(t)
	busybox := testenv.BusyboxImage(t, h.registry, "likenothing:1", testenv.BusyboxTweaks{})
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - packages: {names: [tool], like: \""+busybox+"\"}\n")
	out, err := h.strata(flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("an image without packages says where they come from")
	}
	contains(t, out, "strata.yaml:3:37: "+busybox+" has no package database that Strata knows")
}
