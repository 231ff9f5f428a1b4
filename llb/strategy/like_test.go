// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// manyTrees are trees by their names; the one without a name is scratch's.
type manyTrees map[string]someFiles

func (m manyTrees) Look(_ context.Context, _ *plan.Plan, in plan.Tree, _ []string) (tree.Tree, error) {
	return m[in.Name], nil
}

// trees are images that packages may be like.
func trees() manyTrees {
	status := "Package: base-files\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
	return manyTrees{
		"docker.io/library/toybox:latest": {"/etc/toy": "https://toys.example.org\n"},
		"docker.io/library/debian:1":      {"/var/lib/dpkg/status": status},
		"docker.io/library/broken:1":      {"/var/lib/dpkg/status": status, "/etc/apt/sources.list": "deb file:/srv/a ./\n"},
		"docker.io/library/alpine:1":      {"/lib/apk/db/installed": ""},
		"docker.io/library/fedora:1":      {"/usr/bin/dnf": ""},
	}
}

// TestLikeFaults shows what a user reads when packages can't be like an image: the
// place is that of the image, not of the base.
func TestLikeFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			"no archives", "layers:\n  - packages: {names: [a], like: \"debian:1\"}\n",
			"strata.yaml:2:34: debian:1 is configured for no package archive; say with `repositories` where packages come from",
		},
		{
			"a directory", "layers:\n  - packages: {names: [a], like: \"broken:1\"}\n",
			`strata.yaml:2:15: read the package sources of broken:1: "file:/srv/a" is not an http or https address, and packages come from nowhere else`,
		},
		{
			"no packages", "layers:\n  - packages: {names: [a], like: busybox}\n",
			"strata.yaml:2:34: busybox:latest has no package database that Strata knows (dpkg, apk or dnf); take an image that has one",
		},
		{
			"a tool's", "layers:\n  - packages: {names: [a], like: \"fedora:1\"}\n",
			"strata.yaml:2:34: fedora:1 has packages of dnf, which only that itself can install; make the image from it instead",
		},
		{
			"another base", "from: alpine:1\nlayers:\n  - packages: {names: [a], like: \"debian:1\"}\n",
			"strata.yaml:3:34: the base's packages are those of apk, not of dpkg; take an image that has those, too",
		},
		{
			"a tool's base", "from: fedora:1\nlayers:\n  - packages: {names: [a], like: \"debian:1\"}\n",
			"strata.yaml:3:34: the base's packages are those of dnf, not of dpkg; leave `like` out, and it installs packages from where the base is configured to",
		},
		{
			"scratch", "layers:\n  - packages: {names: [a], like: scratch}\n",
			`strata.yaml:2:34: nothing can be taken from "scratch"; want target:NAME, context:NAME, dockerfile:PATH or an image`,
		},
		{
			"absent", "layers:\n  - packages: {names: [a], like: absent}\n",
			"strata.yaml:2:34: look up docker.io/library/absent:latest: not found",
		},
		{
			"two", "layers:\n  - packages: {names: [a], like: \"debian:1\"}\n  - packages: {names: [b], like: \"alpine:1\"}\n",
			"strata.yaml:3:34: the packages of one image are like one other image, not like debian:1 and alpine:1",
		},
		{
			"no keyring", "layers:\n  - packages:\n      names: [a]\n      like: \"debian:1\"\n      repositories: [{type: deb, uri: \"https://b.example.org\", suites: [x], components: [main]}]\n",
			"strata.yaml:5:22: archive x: find the keys of https://b.example.org: debian:1 has no keyring; give one with `signed_by`",
		},
	} {
		r := withBase(t, c.text, nil)
		r.Looker = trees()
		if _, err := planOf(r); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v\nwant %s", c.name, err, c.want)
		}
	}
}

// strictTrees are trees of which no more than what is asked for is opened.
type strictTrees manyTrees

func (s strictTrees) Look(_ context.Context, _ *plan.Plan, in plan.Tree, patterns []string) (tree.Tree, error) {
	out := someFiles{}
	for name, text := range s[in.Name] {
		for _, p := range patterns {
			if name == "/"+p || strings.HasPrefix(name, "/"+p+"/") {
				out[name] = text
			}
		}
	}
	return out, nil
}

// TestLikeKeyAnywhere finds a key where a source of the image names it, as in a base.
func TestLikeKeyAnywhere(t *testing.T) {
	const source = "deb [signed-by=/opt/keys/a.asc] https://deb.example.org/debian stable main\n"
	for like, want := range map[string]string{
		"debian:1":  "archive stable: the repository 'https://deb.example.org/debian stable Release' does not have a Release file",
		"keyless:1": "archive stable: read keyring /opt/keys/a.asc of keyless:1: file does not exist",
	} {
		r := withBase(t, "layers:\n  - packages: {names: [a], like: \""+like+"\"}\n", nil)
		r.Looker = strictTrees{
			"docker.io/library/debian:1":  {"/var/lib/dpkg/status": "", "/etc/apt/sources.list": source, "/opt/keys/a.asc": "a key"},
			"docker.io/library/keyless:1": {"/var/lib/dpkg/status": "", "/etc/apt/sources.list": source},
		}
		if _, err := planOf(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("like %s: error %v, want %s", like, err, want)
		}
	}
}

// TestLikeInTheLock holds a lock to the image that its packages are like, and looks
// at none with it.
func TestLikeInTheLock(t *testing.T) {
	const text = "layers:\n  - packages: {names: [a], like: toybox}\n  - packages: [b]\n"
	locked := func(like string) *lock.File {
		f := &lock.File{}
		f.Set("default", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{Like: like, Wanted: [][]string{{"a"}, {"b"}}, Installer: plan.Assemble}})
		return f
	}
	for like, want := range map[string]string{
		"toybox:latest@sha256:1": "",
		"toybox:2@sha256:1":      "strata.yaml:2:34: the lock is not up to date: strata.lock has packages like those of toybox:2",
		"":                       "strata.yaml:2:34: the lock is not up to date: strata.lock has packages like those of the base",
	} {
		r := withBase(t, text, nil)
		r.Systems, r.Looker, r.Fetch, r.Bases = []distro.System{toy{}}, nil, nil, nil
		r.Lock.Name, r.Lock.File = "strata.lock", locked(like)
		_, err := planOf(r)
		if err != nil != (want != "") || want != "" && !strings.HasPrefix(err.Error(), want+"; ") {
			t.Errorf("a lock like %q: error %v\nwant %s", like, err, want)
		}
	}
}
