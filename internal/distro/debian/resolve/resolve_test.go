// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// listed makes an index of short lines: "name version; Field: value; …".
func listed(t *testing.T, repository, lines string) *index.Index {
	t.Helper()
	return listedWith(t, lines, index.Options{Repository: repository, Suite: repository, Codename: repository})
}

func listedWith(t *testing.T, lines string, opts index.Options) *index.Index {
	t.Helper()
	opts.Architecture = "amd64"
	x, err := index.ReadIndex(strings.NewReader(packages(lines, "")), opts)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func status(t *testing.T, lines string) *index.Status {
	t.Helper()
	s, err := index.ReadStatus(strings.NewReader(packages(lines, "Status: install ok installed\n")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func packages(lines, more string) string {
	var text strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		head, fields, _ := strings.Cut(strings.TrimSpace(line), ";")
		name, version, ok := strings.Cut(head, " ")
		if !ok {
			continue
		}
		fmt.Fprintf(&text, "Package: %s\nVersion: %s\nArchitecture: amd64\nPriority: optional\n%s", name, version, more)
		fmt.Fprintf(&text, "Filename: pool/%s_%s.deb\nSize: 10\nSHA256: %064x\n", name, version, len(name)+len(version))
		for field := range strings.SplitSeq(fields, ";") {
			if field = strings.TrimSpace(field); field != "" {
				fmt.Fprintln(&text, field)
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

// wants reads "name[:arch][=version][/suite]" words.
func wants(words ...string) []Wanted {
	var list []Wanted
	for _, word := range words {
		var w Wanted
		word, w.Not = strings.CutPrefix(word, "!")
		word, w.Suite, _ = strings.Cut(word, "/")
		word, w.Version, _ = strings.Cut(word, "=")
		w.Name, w.Arch, _ = strings.Cut(word, ":")
		list = append(list, w)
	}
	return list
}

// resolved resolves, checks and returns "name=version" words, removals as "-name".
func resolved(t *testing.T, req Request) ([]string, *Solution) {
	t.Helper()
	req.Architecture = "amd64"
	sol, err := Resolve(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(req, sol); err != nil {
		t.Error(err)
	}
	var words []string
	for _, p := range sol.Packages {
		words = append(words, p.Name+"="+p.Version)
	}
	for _, name := range sol.Removed {
		words = append(words, "-"+name)
	}
	return words, sol
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name    string
		indexes []string
		status  string
		want    string
		get     string
	}{
		{"what it needs comes along", []string{"a 1; Depends: b (>= 1), c\nb 1\nc 1; Pre-Depends: d\nd 1\ne 1"}, "", "a", "a=1 b=1 c=1 d=1"},
		{"the first alternative", []string{"a 1; Depends: b | c\nb 1\nc 1"}, "", "a", "a=1 b=1"},
		{"an alternative that is there already", []string{"a 1; Depends: b | c\nb 1\nc 1"}, "c 1", "a", "a=1"},
		{"an alternative that is wanted", []string{"a 1; Depends: b | c\nb 1\nc 1"}, "", "a c", "a=1 c=1"},
		{"an alternative that can be had", []string{"a 1; Depends: b | c\nb 1; Depends: nothing\nc 1"}, "", "a", "a=1 c=1"},
		{"the newest version", []string{"a 1\na 2~rc1\na 2", "a 1.5"}, "", "a", "a=2"},
		{"the version asked for", []string{"a 1\na 2"}, "", "a=1", "a=1"},
		{"a version's beginning", []string{"a 1.1\na 1.2\na 2"}, "", "a=1.*", "a=1.2"},
		{"the suite asked for", []string{"a 1", "a 2"}, "", "a/r0", "a=1"},
		{"the suite of what it needs", []string{"a 1\nb 1", "a 2; Depends: b (>= 2)\nb 2", "b 3"}, "", "a/r1", "a=2 b=3"},
		{"a provider", []string{"a 1; Depends: v\nb 1; Provides: v"}, "", "a", "a=1 b=1"},
		{"the only provider of a request", []string{"b 1; Provides: v"}, "", "v", "b=1"},
		{"a real package before its providers", []string{"a 1; Depends: v\nb 1; Provides: v\nv 1"}, "", "a", "a=1 v=1"},
		{"a provider of a version", []string{"a 1; Depends: v (>= 2)\nb 1; Provides: v\nc 1; Provides: v (= 2)"}, "", "a", "a=1 c=1"},
		{"a superseded version provides nothing", []string{"a 1; Depends: v | w\nb 1; Provides: v\nb 2\nw 1"}, "", "a", "a=1 w=1"},
		{"the provider of the higher priority", []string{"a 1; Depends: v\nb 1; Provides: v\nc 1; Provides: v\nd 1; Provides: v; Essential: yes"}, "", "a", "a=1 d=1"},
		{"a name of any architecture", []string{"a 1\nb 1"}, "", "a:any b:linux-any", "a=1 b=1"},
		{"any architecture", []string{"a 1; Depends: b:any\nb 1; Multi-Arch: allowed"}, "", "a", "a=1 b=1"},
		{"a provider for any architecture", []string{"m 1; Multi-Arch: allowed\np 1; Multi-Arch: allowed; Provides: m (= 1)\na 1; Depends: m:any"}, "", "a", "a=1 p=1"},
		{"the package itself for any architecture", []string{"p 1; Multi-Arch: allowed; Provides: m (= 1)\nm 1; Multi-Arch: allowed\na 1; Depends: m:any"}, "", "a", "a=1 m=1"},
		{"a conflict with a foreign one", []string{"a 1; Conflicts: b:arm64\nb 1"}, "", "a b", "a=1 b=1"},
		{"a conflict with one's own kind", []string{"a 1; Depends: c:amd64 | d; Conflicts: b:native (<< 1)\nb 1\nc 1"}, "", "a b", "a=1 b=1 c=1"},
		{"a conflict avoided", []string{"a 1; Depends: b | c\nb 1; Conflicts: d\nc 1\nd 1"}, "", "a d", "a=1 c=1 d=1"},
		{"a conflict with an old version only", []string{"a 1; Conflicts: b (<< 2)\nb 2"}, "", "a b", "a=1 b=2"},
		{"replacing all other providers", []string{"a 1; Provides: mta; Conflicts: mta\nb 1; Provides: mta; Conflicts: mta"}, "b 1; Provides: mta; Conflicts: mta", "a", "a=1 -b"},
		{"the base stays", []string{"a 1; Depends: b\nb 2"}, "b 1", "a", "a=1"},
		{"the base is upgraded when needed", []string{"a 1; Depends: b (>= 2)\nb 2"}, "b 1", "a", "a=1 b=2"},
		{"the base is upgraded when broken", []string{"a 1; Breaks: b (<< 2)\nb 2"}, "b 1", "a", "a=1 b=2"},
		{"what is upgraded takes its siblings", []string{"a 1; Depends: b (>= 2)\nb 2; Source: s\nc 2; Source: s"}, "b 1; Source: s\nc 1; Source: s", "a", "a=1 b=2 c=2"},
		{"what was tried and failed leaves nothing", []string{"a 1; Depends: b | c\nb 1; Depends: d, nothing | e\nc 1\nd 1\ne 1; Depends: f\nf 1; Conflicts: a"}, "", "a", "a=1 c=1"},
		{"an alternative that is not kept out", []string{"a 1; Depends: b | c\nb 1\nc 1"}, "", "a !b", "a=1 c=1"},
		{"a provider that is not kept out", []string{"a 1; Depends: v\nb 1; Provides: v\nc 1; Provides: v; Essential: yes"}, "", "a !c", "a=1 b=1"},
		{"the other provider of a request", []string{"b 1; Provides: v\nc 1; Provides: v"}, "", "v !b", "c=1"},
		{"what is kept out stays out of all of it", []string{"a 1; Depends: b\nb 1; Depends: c | d\nc 1\nd 1; Depends: e | c\ne 1"}, "", "a !c", "a=1 b=1 d=1 e=1"},
		{"all providers of a name are kept out", []string{"a 1; Depends: v | w\nb 1; Provides: v\nc 1; Provides: v\nw 1"}, "", "a !v", "a=1 w=1"},
		{"a provider of a package that is kept out", []string{"a 1; Depends: b\nb 1\nc 1; Provides: b"}, "", "a !b", "a=1 c=1"},
		{"of no suite, either", []string{"a 1; Depends: b | c\nb 1\nc 1", "a 2; Depends: b (>= 2) | c\nb 2"}, "", "a/r1 !b", "a=2 c=1"},
		{"what fails as it is kept out leaves what is recommended", []string{"a 1; Depends: s | t\ns 1; Depends: d, out\nt 1; Recommends: d\nd 1\nout 1"}, "", "a !out", "a=1 d=1 t=1"},
		{"what no repository has is kept out", []string{"a 1"}, "", "a !b", "a=1"},
		{"nothing to do", []string{"a 1"}, "a 1", "a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := Request{Wanted: wants(strings.Fields(c.want)...)}
			for i, lines := range c.indexes {
				req.Indexes = append(req.Indexes, listed(t, fmt.Sprint("r", i), lines))
			}
			if c.status != "" {
				req.Installed = status(t, c.status)
			}
			words, _ := resolved(t, req)
			if diff := cmp.Diff(c.get, strings.Join(words, " ")); diff != "" {
				t.Error(diff)
			}
			for i, j := 0, len(req.Wanted)-1; i < j; i, j = i+1, j-1 {
				req.Wanted[i], req.Wanted[j] = req.Wanted[j], req.Wanted[i]
			}
			again, _ := resolved(t, req)
			if diff := cmp.Diff(words, again); diff != "" {
				t.Error("the order of the requests makes a difference:", diff)
			}
		})
	}
}

func TestResolveErrors(t *testing.T) {
	for _, c := range []struct {
		name, index, status, want string
		as                        any
		text                      string
	}{
		{
			"unknown", "nginx 1\nnginx-light 1", "", "ngnix", new(*distro.UnknownPackageError),
			"find the package ngnix: no repository has it; did you mean nginx?",
		},
		{
			"apt-get's spelling", "a 1\nexim 1", "", "a exim-", new(*distro.UnknownPackageError),
			`find the package exim-: no repository has it; did you mean "!exim", which keeps it out?`,
		},
		{
			"kept out", "a 1; Depends: b\nb 1; Depends: nothing | v\nc 1; Provides: v", "", "a !c", new(*distro.UnsatisfiableError),
			"resolve the packages: a cannot be installed: a needs b; b needs nothing | v, and the build file keeps out c",
		},
		{
			"kept out and asked for", "a 1", "", "a=1 !a", new(*ExcludedError),
			"keep out the package a: the build file asks for it as well; take one of the two away",
		},
		{
			"kept out and asked for by another name", "a 1; Provides: v", "", "v !a", new(*ExcludedError),
			"keep out the package a: the build file asks for v, which nothing else provides; take one of the two away",
		},
		{
			"kept out of a base that has it", "a 2", "a 1", "!a", new(*ExcludedError),
			"keep out the package a: the base has a 1; take it out in a build layer before this one, or take another base",
		},
		{
			"a name kept out that the base has", "a 1", "b 1; Provides: v", "!v", new(*ExcludedError),
			"keep out the package v: the base has b 1, which provides it; take it out in a build layer before this one, or take another base",
		},
		{
			"virtual", "b 1; Provides: v\nc 1; Provides: v", "", "v", new(*distro.VirtualPackageError),
			"find the package v: it is a virtual package, provided by b and c; name one of them instead",
		},
		{
			"version", "a 1\na 2", "", "a=3", new(*NoSuchVersionError),
			"find version 3 of the package a: no repository has it; there is 2 and 1",
		},
		{
			"suite", "a 1\na 2", "", "a/later", new(*NoSuchVersionError),
			"find a version from later of the package a: no repository has it; there is 2 (r0) and 1 (r0)",
		},
		{
			"foreign", "a 1", "", "a:arm64", new(*ForeignArchitectureError),
			`find the package a:arm64: packages of a foreign architecture are not supported on this base, only those of amd64; leave out ":arm64", build for that platform, or take a base where "dpkg --add-architecture arm64" was run`,
		},
		{
			"foreign version", "a 1", "", "a:arm64=1", new(*ForeignArchitectureError),
			`find the package a:arm64: packages of a foreign architecture are not supported on this base, only those of amd64; leave out ":arm64", build for that platform, or take a base where "dpkg --add-architecture arm64" was run`,
		},
		{
			"foreign name kept out", "a 1", "", "a !a:arm64", new(*ForeignArchitectureError),
			`keep out the package a:arm64: packages of a foreign architecture never come in, only those of amd64; leave it out, or write "!a" for the one of amd64`,
		},
		{
			"name", "a 1", "", "a;b", new(*BadNameError),
			`find the package "a;b": that is not a package name (letters, digits and + - . and a letter or digit first)`,
		},
		{
			"missing", "a 1; Depends: b\nb 1; Depends: c (>= 2)\nc 1", "", "a", new(*distro.UnsatisfiableError),
			"resolve the packages: a cannot be installed: a needs b; b needs c (>= 2), but the version to be had is 1",
		},
		{
			"conflict", "a 1; Depends: x\nb 1; Depends: y\nx 1; Conflicts: y\ny 1", "", "a b", new(*ConflictError),
			"resolve the packages: a and b cannot be installed together: a needs x; b needs y; x conflicts with y",
		},
		{
			"versions", "a 1\na 2", "", "a=1 a=2", new(*ConflictError),
			"resolve the packages: a cannot be installed: a=1 is version 1; a=2 is version 2",
		},
		{
			"held", "a 1; Depends: b (>= 2)\nb 2", "b 1; Status: hold ok installed", "a", new(*distro.UnsatisfiableError),
			"resolve the packages: a cannot be installed: a needs b (>= 2), but version 1 is installed and held",
		},
		{
			"essential", "a 1; Conflicts: b\nb 1", "b 1; Essential: yes", "a", new(*ConflictError),
			"resolve the packages: a and b cannot be installed together: a conflicts with b, and the base has b 1",
		},
		{
			"foreign base", "a 1", "b 1; Architecture: arm64", "a", new(*ForeignBaseError),
			`resolve the packages: the base has packages of the architecture "arm64", such as b, and only those of amd64 are supported, as "dpkg --add-architecture" has added no other; take a base of one architecture, or one for that platform`,
		},
		{
			"broken base", "a 1", "b 1; Depends: c", "a", new(*BrokenBaseError),
			`resolve the packages: the base lacks what its own packages need: b (Depends: c); run "apt-get -f install" where the base is built, or take another base`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := Request{Architecture: "amd64", Indexes: []*index.Index{listed(t, "r0", c.index)}, Wanted: wants(strings.Fields(c.want)...)}
			if c.status != "" {
				req.Installed = status(t, c.status)
			}
			_, err := Resolve(req)
			if err == nil {
				t.Fatal("no error")
			}
			if !errors.As(err, c.as) {
				t.Errorf("error of type %T: %v", err, err)
			}
			if diff := cmp.Diff(c.text, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolveRecommends(t *testing.T) {
	x := listed(t, "r", "a 1; Recommends: b, nothing\nb 1; Recommends: c\nc 1; Suggests: d\nd 1")
	words, sol := resolved(t, Request{Indexes: []*index.Index{x}, Wanted: wants("a"), Recommends: true})
	if diff := cmp.Diff([]string{"a=1", "b=1", "c=1"}, words); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Reason{By: "a", Field: "Recommends", Relation: "b"}, sol.Packages[1].Reason); diff != "" {
		t.Error(diff)
	}
}

func TestResolveEssential(t *testing.T) {
	x := listed(t, "r", "a 1\nb 1; Essential: yes\nc 1; Essential: yes; Depends: d\nd 1")
	words, _ := resolved(t, Request{Indexes: []*index.Index{x}, Wanted: wants("a"), Essential: true})
	if diff := cmp.Diff([]string{"a=1", "b=1", "c=1", "d=1"}, words); diff != "" {
		t.Error(diff)
	}
}

func TestResolveTie(t *testing.T) {
	x := listed(t, "r", "a 1; Depends: v\nb 1; Provides: v\nc 1; Provides: v\nd 1; Provides: v; Depends: nothing")
	words, sol := resolved(t, Request{Indexes: []*index.Index{x}, Wanted: wants("a")})
	if diff := cmp.Diff([]string{"a=1", "c=1"}, words); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Tie{{By: "a", Relation: "v", Chosen: "c", Equal: []string{"b"}}}, sol.Ties); diff != "" {
		t.Error(diff)
	}
	if got, want := sol.Ties[0].String(), "a needs v: c is as good as b; add one of them to the packages to choose"; got != want {
		t.Error(got)
	}
}

func TestResolveUpgrade(t *testing.T) {
	x := listed(t, "r", "a 1; Depends: b (>= 2)\nb 2")
	_, sol := resolved(t, Request{Indexes: []*index.Index{x}, Installed: status(t, "b 1"), Wanted: wants("a")})
	if diff := cmp.Diff([]Upgrade{{Name: "b", From: "1", To: "2"}}, sol.Upgrades); diff != "" {
		t.Error(diff)
	}
}

func TestResolveDescribes(t *testing.T) {
	x := listed(t, "r", "a 1+b1; Source: s (1); Section: net; Multi-Arch: foreign; Installed-Size: 3; Depends: b\nb 1")
	_, sol := resolved(t, Request{Indexes: []*index.Index{x}, Wanted: wants("b", "a")})
	got := sol.Packages[0]
	if !strings.HasPrefix(got.Control, "Package: a\n") || !strings.Contains(got.Control, "\nDepends: b\n") {
		t.Errorf("the paragraph is %q", got.Control)
	}
	got.Control = ""
	want := Package{
		Name: "a", Version: "1+b1", Architecture: "amd64", Source: "s", SourceVersion: "1", Filename: "pool/a_1+b1.deb", Size: 10,
		SHA256: fmt.Sprintf("%064x", 5), InstalledSize: 3072, Repository: "r", Suite: "r", Section: "net", Priority: "optional",
		MultiArch: "foreign", Wanted: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
