// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// someFiles are the files of a tree by their names.
type someFiles map[string]string

func (f someFiles) ReadFile(_ context.Context, name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (f someFiles) ReadDir(_ context.Context, dir string) ([]string, error) {
	var names []string
	for name := range f {
		if path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Look opens the same files, whatever tree is asked for.
func (f someFiles) Look(context.Context, *plan.Plan, plan.Tree, []string) (tree.Tree, error) {
	return f, nil
}

// served are files by their addresses.
type served map[string]string

func (s served) Fetch(_ context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	for i, r := range requests {
		answers[i].Err = fetch.ErrNotFound
		if text, ok := s[r.URLs[0]]; ok {
			answers[i] = fetch.Answer{Data: []byte(text)}
		}
	}
	return answers
}

// withBase is a request for a build file on a base with some files.
func withBase(t *testing.T, text string, base someFiles) strategy.Request {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte(text))
	if err != nil {
		t.Fatalf("the parser should take this: %v", err)
	}
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	return strategy.Request{
		Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: bases{}, Looker: base, Fetch: served{}, BuildArgs: map[string]string{"BREAK": "https://a.example.org/\n"},
	}
}

// TestRepositoryFaults shows what a user reads when a repository can't be one: the
// place is that of the word which is wrong, whatever the type is.
func TestRepositoryFaults(t *testing.T) {
	debian := someFiles{"/var/lib/dpkg/status": "Package: base-files\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"}
	alpine := someFiles{"/lib/apk/db/installed": ""}
	fedora := someFiles{"/usr/bin/dnf": ""}
	const one = "args: {MIRROR: \"\", BREAK: x}\nfrom: base\nlayers:\n  - packages:\n      names: [a]\n      repositories:\n"
	for _, c := range []struct {
		name, repositories, want string
		base                     someFiles
	}{
		{
			"empty by argument", "        - {type: deb, uri: \"$MIRROR\", suites: [x], components: [main]}\n",
			"strata.yaml:7:28: the repository has no address", debian,
		},
		{"blank", "        - {type: deb, uri: \" \", suites: [x], components: [main]}\n", "strata.yaml:7:28: the repository has no address", debian},
		{"blank of Alpine", "        - {type: apk, uri: \" \"}\n", "strata.yaml:7:28: the repository has no address", alpine},
		{
			"file", "        - {type: deb, uri: \"file:///x\", suites: [x], components: [main]}\n",
			`strata.yaml:7:28: "file:///x" is not an http or https address, and packages come from nowhere else`, debian,
		},
		{
			"file of Alpine", "        - {type: apk, uri: \"file:///x\"}\n",
			`strata.yaml:7:28: "file:///x" is not an http or https address, and packages come from nowhere else`, alpine,
		},
		{
			"no host", "        - {type: apk, uri: \"https:///x\"}\n",
			`strata.yaml:7:28: "https:///x" is not an http or https address, and packages come from nowhere else`, alpine,
		},
		{
			"second mirror", "        - {type: deb, uri: \"https://a.example.org b.example.org\", suites: [x], components: [main]}\n",
			`strata.yaml:7:28: "b.example.org" is not an http or https address, and packages come from nowhere else`, debian,
		},
		{
			"line break by argument", "        - {type: apk, uri: \"$BREAK\"}\n",
			`strata.yaml:7:28: the address "https://a.example.org/\n" has a line break; write several addresses with a space between them`, alpine,
		},
		{
			"bad escape", "        - {type: apk, uri: \"https://a.example.org/%zz\"}\n",
			`strata.yaml:7:28: read the repository's address: parse "https://a.example.org/%zz": invalid URL escape "%zz"`, alpine,
		},
		{
			"two types", "        - {type: deb, uri: \"https://a.example.org\", suites: [x], components: [main]}\n        - {type: apk, uri: \"https://b.example.org\"}\n",
			"strata.yaml:8:11: the packages of one image come from repositories of one type, not of deb and apk", debian,
		},
		{
			"two types, the other way round", "        - {type: apk, uri: \"https://b.example.org\"}\n        - {type: deb, uri: \"https://a.example.org\", suites: [x], components: [main]}\n",
			"strata.yaml:8:11: the packages of one image come from repositories of one type, not of apk and deb", alpine,
		},
		{
			"not the base's", "        - {type: apk, uri: \"https://b.example.org\"}\n",
			"strata.yaml:7:18: the base's packages are those of dpkg, not of apk; want repositories of the type deb", debian,
		},
		{
			"not the base's tool", "        - {type: apk, uri: \"https://b.example.org\"}\n",
			"strata.yaml:7:18: the base's packages are those of dnf, not of apk; leave `repositories` out, and it installs packages from where the base is configured to", fedora,
		},
		{
			"no suites", "        - {type: deb, uri: \"https://b.example.org\"}\n",
			"strata.yaml:7:11: a deb repository needs `suites`", debian,
		},
		{
			"no keys", "        - {type: deb, uri: \"https://b.example.org\", suites: [x], components: [main]}\n",
			"strata.yaml:7:11: archive x: find the keys of https://b.example.org: the base has no keyring; give one with `signed_by`", debian,
		},
		{
			"no keyring there", "        - {type: deb, uri: \"https://b.example.org\", suites: [x], components: [main], signed_by: keys.gpg}\n",
			`strata.yaml:7:97: there is no "keys.gpg" in the build context`, debian,
		},
	} {
		_, err := strategy.Plan(context.Background(), withBase(t, one+c.repositories, c.base))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v\nwant %s", c.name, err, c.want)
		}
	}
}

// TestBaseFaults shows what a user reads when nothing says where packages come from.
func TestBaseFaults(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		base             someFiles
	}{
		{
			"no database", "from: base\nlayers:\n  - packages: [a]\n",
			"strata.yaml:3:15: the base has no package database that Strata knows (dpkg, apk or dnf); say with `repositories` where packages come from", nil,
		},
		{
			"scratch", "layers:\n  - packages: [a]\n",
			"strata.yaml:2:15: packages on scratch need `repositories` or `like`: there is no base that says where they come from", nil,
		},
		{
			"no sources", "from: base\nlayers:\n  - packages: [a]\n",
			"strata.yaml:3:15: the base is configured for no package archive; say with `repositories` where packages come from",
			someFiles{"/var/lib/dpkg/status": ""},
		},
		{
			"a source of the base that is a directory", "from: base\nlayers:\n  - packages: [a]\n",
			`strata.yaml:3:15: read the package sources of the base: "file:/srv/a" is not an http or https address, and packages come from nowhere else`,
			someFiles{"/var/lib/dpkg/status": "", "/etc/apt/sources.list": "deb [trusted=yes] file:/srv/a ./\n"},
		},
		{
			"holds of dnf", "from: base\nlayers:\n  - packages: {names: [a], allow_held: true}\n",
			"strata.yaml:3:15: packages of dnf can't be held; leave `allow_held` out",
			someFiles{"/usr/bin/dnf": ""},
		},
		{
			"scripts by an argument", "args: {S: never}\nfrom: base\nlayers:\n  - packages: {names: [a], scripts: $S}\n",
			`strata.yaml:4:37: want run or skip, found "never"`,
			someFiles{"/var/lib/dpkg/status": ""},
		},
		{
			"fetching by an argument", "args: {S: never}\nfrom: base\nlayers:\n  - packages: {names: [a], fetch: $S}\n",
			`strata.yaml:4:35: want source or step, found "never"`,
			someFiles{"/var/lib/dpkg/status": ""},
		},
		{
			"holds of apk", "from: base\nlayers:\n  - packages: {names: [a], allow_held: true}\n",
			"strata.yaml:3:15: packages of apk can't be held; leave `allow_held` out",
			someFiles{"/lib/apk/db/installed": ""},
		},
		{
			"kept out of dnf", "from: base\nlayers:\n  - packages: [a, \"!b\"]\n",
			"strata.yaml:3:19: keep out the package b: microdnf itself decides what comes in; set `excludepkgs` in the base's dnf.conf",
			someFiles{"/usr/bin/microdnf": ""},
		},
		{
			"configuration files of apk", "from: base\nlayers:\n  - packages: {names: [a], conffiles: keep}\n",
			"strata.yaml:3:39: packages of apk know no `conffiles: keep`; leave it out",
			someFiles{"/lib/apk/db/installed": ""},
		},
		{
			"scripts of dnf", "from: base\nlayers:\n  - packages: {names: [a], scripts: skip}\n",
			"strata.yaml:3:37: scripts: skip: microdnf runs maintainer scripts always; leave it out for this base",
			someFiles{"/usr/bin/microdnf": ""},
		},
	} {
		_, err := strategy.Plan(context.Background(), withBase(t, c.text, c.base))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v\nwant %s", c.name, err, c.want)
		}
	}
}

// TestToolOfTheBase lets the base's own program install, with what it may keep.
func TestToolOfTheBase(t *testing.T) {
	p, err := strategy.Plan(context.Background(), withBase(t, "from: base\nlayers:\n  - packages: [jq, git]\n", someFiles{"/usr/bin/dnf": ""}))
	if err != nil {
		t.Fatal(err)
	}
	run, ok := p.Images[0].Layers[0].Action.(*plan.Exec)
	if !ok || run.Out || run.From.Kind != plan.Layers {
		t.Fatalf("unexpected action %+v", p.Images[0].Layers[0].Action)
	}
	if got, want := strings.Join(run.Args, " "), "dnf install -y --setopt=keepcache=1 --setopt=install_weak_deps=0 jq git"; got != want {
		t.Errorf("runs %s; want %s", got, want)
	}
	if len(run.Cache) != 3 || run.Cache[0].ID != "strata-dnf-linux/amd64" || len(run.Tmpfs) != 1 {
		t.Errorf("unexpected mounts %+v, %+v", run.Cache, run.Tmpfs)
	}
}

func planOf(r strategy.Request) (*plan.Plan, error) { return strategy.Plan(context.Background(), r) }

func mustPlan(t *testing.T, r strategy.Request) *plan.Plan {
	t.Helper()
	p, err := planOf(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestKeysOfALock holds a key that the package system doesn't have to the build file
// also where a lock has the packages.
func TestKeysOfALock(t *testing.T) {
	r := withBase(t, "from: base\nlayers:\n  - packages: {names: [a], conffiles: keep}\n", someFiles{"/lib/apk/db/installed": ""})
	f := &lock.File{}
	f.SetRepository(lock.Repository{ID: "main", Type: "apk", URIs: []string{"https://archive.example.org/main"}})
	f.Set("default", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{
		Base: strings.Split(mustBase(t), "@")[0], Wanted: [][]string{{"a"}}, Installer: plan.Register,
		Packages: []lock.Package{{Name: "a", Version: "1", Arch: "x86_64", Repository: "main", Path: "x86_64/a-1.apk", SHA256: strings.Repeat("a", 64)}},
	}})
	r.Lock = strategy.Locking{Name: "strata.lock", File: f}
	const want = "strata.yaml:3:39: packages of apk know no `conffiles: keep`; leave it out"
	if _, err := planOf(r); err == nil || err.Error() != want {
		t.Errorf("error %v\nwant %s", err, want)
	}
}

// mustBase is what a lock calls the base of the tests.
func mustBase(t *testing.T) string {
	t.Helper()
	p := mustPlan(t, withBase(t, "from: base\n", nil))
	return strings.TrimPrefix(strings.TrimPrefix(p.Images[0].From.Name, "docker.io/library/"), "docker.io/")
}
