// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestPackagesLikeAnImage assembles packages on scratch from the archives of another
// image, with its keys and by its pins, first without a lock, then from the lock
// without asking for that image.
func TestPackagesLikeAnImage(t *testing.T) {
	h := house.New(t)
	a := configured(t)
	like := configuredBase(t, h, a, "like:1")
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - packages: {names: [tool], like: \""+like+"\"}\n")
	w := h.ByStrata()
	unlocked := w.Files(t, house.Flags(dir)...)
	h.MustLock(t, a, dir)
	house.Contains(t, house.Read(t, dir, "strata.lock"),
		"      like: \""+like+"@sha256:", `{name: tool, version: "2-1", `, `{name: library, version: "1", `, "uris: [\""+a.URL)
	a.Reset()
	locked := w.Files(t, house.Flags(dir)...)
	if diff := cmp.Diff(house.Read(t, unlocked, "var/lib/dpkg/status"), house.Read(t, locked, "var/lib/dpkg/status")); diff != "" {
		t.Errorf("the lock gives other packages (-unlocked +locked):\n%s", diff)
	}
	for _, asked := range a.Requests() {
		if strings.Contains(asked.Path, "dists/") {
			t.Errorf("a build with a lock asks for %s", asked.Path)
		}
	}
	house.Replace(t, filepath.Join(dir, "strata.yaml"), ", like: \""+like+"\"", "")
	out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("a lock that was written like an image holds without it")
	}
	house.Contains(t, out, "strata.yaml:3:15: the lock is not up to date: strata.lock has packages like those of "+like)
}

// TestPackagesLikeATarget takes the configuration from a target, for packages of
// Alpine.
func TestPackagesLikeATarget(t *testing.T) {
	h := house.New(t)
	a := tools(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
targets:
  conf:
    from: `+apkBase(t, h, a)+`
    layers: [{files: [{dest: /etc/motd, content: hello}]}]
layers:
  - packages: {names: [plain], like: "target:conf"}
`)
	root := h.ByStrata().Files(t, house.Flags(dir)...)
	if diff := cmp.Diff(map[string]string{"plain": "3_rc1-r1"}, installedIn(t, root, "lib/apk/db/installed")); diff != "" {
		t.Errorf("what is installed (-want +got):\n%s", diff)
	}
}

// TestPackagesLikeNothing names images that can't say where packages come from.
func TestPackagesLikeNothing(t *testing.T) {
	h := house.New(t)
	busybox := testenv.BusyboxImage(t, h.Registry, "likenothing:1", testenv.BusyboxTweaks{})
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - packages: {names: [tool], like: \""+busybox+"\"}\n")
	out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("an image without packages says where they come from")
	}
	house.Contains(t, out, "strata.yaml:3:37: "+busybox+" has no package database that Strata knows")
}
