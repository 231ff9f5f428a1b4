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
func configuredBase(t *testing.T, h *house.House, a *testenv.DebArchive, name string) string {
	t.Helper()
	return h.Registry.Push(t, name, testenv.DebianImage(t, []testenv.Entry{
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
	h := house.New(t)
	a := configured(t)
	base := configuredBase(t, h, a, "configured:1")
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [tool=1*, service/stable]\n")
	h.MustLock(t, a, dir)
	house.Contains(t, house.Read(t, dir, "strata.lock"), `{name: tool, version: "1-1", `, `{name: library, version: "1", `, "        - [service/stable, \"tool=1*\"]\n")
	w := h.ByStrata()
	image := w.Image(t, h, "", house.Flags(dir)...)
	house.Want(t, "what is installed", h.Healthy(t, image, "tool library service"), "ii library 1\nii service 1\nii tool 1-1\n")
	if diff := cmp.Diff(left(t, h, "configured:1"), left(t, h, image)); diff != "" {
		t.Errorf("what is left behind (-base +image):\n%s", diff)
	}
	house.Want(t, "what starting a service says", fileIn(t, h, image, "/usr/share/told"), "101\n")
	second := &house.House{Registry: h.Registry, CLI: h.CLI, Daemon: testenv.Buildkitd(t, testenv.DaemonOptions{})}
	again := house.Way{Name: "second", Build: second.Strata}.Image(t, h, "", house.Flags(dir)...)
	house.Want(t, "the digest by another daemon", house.Digest(t, h.Registry.Host+"/"+again), house.Digest(t, h.Registry.Host+"/"+image))

	house.Replace(t, filepath.Join(dir, "strata.yaml"), "tool=1*", "tool")
	out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("a lock of another build file is not an error")
	}
	house.Contains(t, out, "strata.yaml:4:16: the lock is not up to date: strata.lock does not have tool in this layer", `run "strata lock"`)
}

// TestWhyNative shows that a lock says why packages can't be registered in a base of
// a known digest.
func TestWhyNative(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "first", Version: "1", Files: map[string]string{"etc/issue.net": "another\n"}, Fields: map[string]string{"Replaces": "base-files"}})
	dir := h.OnDebian(t, a, testenv.DebianBase(t), "  - packages: {names: [first], REPOSITORIES}\n")
	h.MustLock(t, a, dir)
	house.Contains(t, house.Read(t, dir, "strata.lock"), "installer: native", "why: ", "/etc/issue.net")
	image := h.ByStrata().Image(t, h, "", house.Flags(dir)...)
	if diff := cmp.Diff(left(t, h, "debian:1"), left(t, h, image)); diff != "" {
		t.Errorf("what is left behind (-base +image):\n%s", diff)
	}
}

// left are the paths in an image where lists, caches and logs are, and where
// packages' tools and services leave things.
func left(t *testing.T, h *house.House, image string) []string {
	t.Helper()
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - build:
      from: "{registry}/`+image+`"
      run: find /var/lib/apt /var/lib/service* /var/cache /var/log /usr/sbin /etc/issue.net | sort >$out/left || true
`)
	return strings.Split(house.Read(t, h.ByStrata().Files(t, house.Flags(dir)...), "left"), "\n")
}

// fileIn is the text of a file in an image.
func fileIn(t *testing.T, h *house.House, image, name string) string {
	t.Helper()
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /file, from: \"{registry}/"+image+"\", source: "+name+"}]}]\n")
	return house.Read(t, h.ByStrata().Files(t, house.Flags(dir)...), "file")
}
