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

// service is a script that wants to start a service, and notes what it is told.
const service = "#!/bin/sh\ninvoke-rc.d --disclose-deny service start\necho $? >/usr/share/told\n"

// configured is an archive whose packages a base's own configuration finds.
func configured(t *testing.T) *testenv.DebArchive {
	return testenv.NewDebArchive(t,
		testenv.Deb{Name: "tool", Version: "1-1", Fields: map[string]string{"Depends": "library"}},
		testenv.Deb{Name: "tool", Version: "2-1", Fields: map[string]string{"Depends": "library"}},
		testenv.Deb{Name: "library", Version: "1"},
		testenv.Deb{Name: "library", Version: "2"},
		testenv.Deb{
			Name: "service", Version: "1", Files: map[string]string{"etc/init.d/service": "#!/bin/sh\necho started >/var/lib/service\n"},
			Scripts: map[string]string{"postinst": service},
		},
	)
}

// configuredBase pushes a Debian whose apt knows the archive, by its key, and keeps
// to an older library.
func (h *house) configuredBase(t *testing.T, a *testenv.DebArchive, name string) string {
	t.Helper()
	return h.registry.Push(t, name, testenv.DebianImage(t, []testenv.Entry{
		{Path: "etc/"},
		{Path: "etc/apt/"},
		{Path: "etc/apt/keys/"},
		{Path: "etc/apt/keys/ours.asc", Data: a.Keyring},
		{Path: "etc/apt/sources.list", Data: []byte("# nothing\n")},
		{Path: "etc/apt/sources.list.d/"},
		{Path: "etc/apt/sources.list.d/ours.sources", Data: []byte("Types: deb\nURIs: " + a.URL + "\nSuites: stable\nComponents: main\nSigned-By: /etc/apt/keys/ours.asc\n")},
		{Path: "etc/apt/preferences.d/"},
		{Path: "etc/apt/preferences.d/ours", Data: []byte("Package: library\nPin: version 1\nPin-Priority: 1001\n")},
	}))
}

// TestBaseConfiguration installs what the base's own apt would: from its archives,
// signed by its keys, by its pins. No service is started, and neither lists nor logs
// are left; two daemons come to one image.
func TestBaseConfiguration(t *testing.T) {
	h := newHouse(t)
	a := configured(t)
	base := h.configuredBase(t, a, "configured:1")
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [tool=1*, service/stable]\n")
	h.mustLock(t, a, dir)
	contains(t, read(t, dir, "strata.lock"), `{name: tool, version: "1-1", `, `{name: library, version: "1", `, "        - [service/stable, \"tool=1*\"]\n")
	w := way{"strata", h.strata}
	image := w.image(t, h, "", flags(dir)...)
	want(t, "what is installed", h.healthy(t, image, "tool library service"), "ii library 1\nii service 1\nii tool 1-1\n")
	if diff := cmp.Diff(h.left(t, "configured:1"), h.left(t, image)); diff != "" {
		t.Errorf("what is left behind (-base +image):\n%s", diff)
	}
	want(t, "what starting a service says", h.fileIn(t, image, "/usr/share/told"), "101\n")
	second := &house{registry: h.registry, cli: h.cli, daemon: testenv.Buildkitd(t, testenv.DaemonOptions{})}
	again := way{"second", second.strata}.image(t, h, "", flags(dir)...)
	want(t, "the digest by another daemon", digestOf(t, h.registry.Host+"/"+again), digestOf(t, h.registry.Host+"/"+image))

	replace(t, filepath.Join(dir, "strata.yaml"), "tool=1*", "tool")
	out, err := h.strata(flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("a lock of another build file is not an error")
	}
	contains(t, out, "strata.yaml:4:16: the lock is not up to date: strata.lock does not have tool in this layer", `run "strata lock"`)
}

// TestWhyNative shows that a lock says why packages can't be registered in a base of
// a known digest.
func TestWhyNative(t *testing.T) {
	h := newHouse(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "first", Version: "1", Files: map[string]string{"etc/issue.net": "another\n"}, Fields: map[string]string{"Replaces": "base-files"}})
	dir := h.onDebian(t, a, testenv.DebianBase(t), "  - packages: {names: [first], REPOSITORIES}\n")
	h.mustLock(t, a, dir)
	contains(t, read(t, dir, "strata.lock"), "installer: native", "why: ", "/etc/issue.net")
	image := way{"strata", h.strata}.image(t, h, "", flags(dir)...)
	if diff := cmp.Diff(h.left(t, "debian:1"), h.left(t, image)); diff != "" {
		t.Errorf("what is left behind (-base +image):\n%s", diff)
	}
}

// left are the paths in an image where lists, caches and logs are, and where
// packages' tools and services leave things.
func (h *house) left(t *testing.T, image string) []string {
	t.Helper()
	dir := h.project(t, `
-- strata.yaml --
{syntax}
layers:
  - build:
      from: "{registry}/`+image+`"
      run: find /var/lib/apt /var/lib/service* /var/cache /var/log /usr/sbin /etc/issue.net | sort >$out/left || true
`)
	return strings.Split(read(t, way{"strata", h.strata}.files(t, flags(dir)...), "left"), "\n")
}

// fileIn is the text of a file in an image.
func (h *house) fileIn(t *testing.T, image, name string) string {
	t.Helper()
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /file, from: \"{registry}/"+image+"\", source: "+name+"}]}]\n")
	return read(t, way{"strata", h.strata}.files(t, flags(dir)...), "file")
}
