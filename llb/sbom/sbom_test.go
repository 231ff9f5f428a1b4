// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package sbom_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	spdx "github.com/spdx/tools-golang/json"
	v23 "github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/sbom"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func sample() *lock.File {
	f := &lock.File{}
	f.SetRepository(lock.Repository{ID: "bookworm", Type: "deb", Distribution: "debian-12", URIs: []string{"https://archive.example.org/debian/"}})
	f.Set("default", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{Wanted: [][]string{{"g++"}}, Packages: []lock.Package{
		{Name: "g++", Version: "4:12.2.0-3", Arch: "amd64", Source: "gcc-defaults", Repository: "bookworm", Path: "pool/main/g/gcc-defaults/g++_12.2.0-3_amd64.deb", Size: 1, SHA256: strings.Repeat("0a", 32)},
		{Name: "jq", Version: "1.6-2.1+deb12u2", Arch: "amd64", Repository: "bookworm", Path: "pool/main/j/jq/jq.deb", Size: 1, SHA256: strings.Repeat("1b", 32)},
		{Name: "local", Version: "1", Arch: "all", From: "target:pkg", File: "out/local_1_all.deb", Size: 1, SHA256: strings.Repeat("2c", 32)},
		{Name: "web", Version: "2", Arch: "all", URL: "https://example.org/web.deb", Size: 1, SHA256: strings.Repeat("3d", 32)},
	}, Type: "deb"}})
	return f
}

// golden compares a document with that in a file, and lets the specification's own
// library read it.
func golden(t *testing.T, file string, got []byte) *v23.Document {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
	doc, err := spdx.Read(bytes.NewReader(got))
	if err != nil {
		t.Fatalf("spdx: %v", err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Errorf("spdx: %v", err)
	}
	return doc
}

func TestWrite(t *testing.T) {
	var c sbom.Contents
	f := sample()
	c.AddPackages(f, f.Platform("default", "linux/amd64"), f.Platform("another", "linux/amd64"))
	got, err := sbom.Write(&c, sbom.Subject{Name: "default", Platform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	doc := golden(t, "testdata/sbom.spdx.json", got)
	if doc.SPDXVersion != "SPDX-2.3" || len(doc.Packages) != 5 || doc.Packages[1].PackageChecksums[0].Value != strings.Repeat("0a", 32) {
		t.Errorf("spdx reads %s with %d packages", doc.SPDXVersion, len(doc.Packages))
	}
	other, err := sbom.Write(&sbom.Contents{}, sbom.Subject{Name: "default", Platform: "linux/arm64"})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(other, []byte(doc.DocumentNamespace)) {
		t.Error("two documents have the same namespace")
	}
}

// TestPackagesOfLineage lists a target that stands on another one: what it has in another
// version is there once, and what goes with itself in several architectures stays.
func TestPackagesOfLineage(t *testing.T) {
	f := sample()
	pkg := func(name, version, arch string) lock.Package {
		return lock.Package{Name: name, Version: version, Arch: arch, Repository: "bookworm", Path: "pool/" + name + ".deb", SHA256: strings.Repeat("4e", 32)}
	}
	for target, packages := range map[string][]lock.Package{
		"top":  {pkg("jq", "1.7", "amd64"), pkg("libc6", "2", "i386"), pkg("made", "2", "all")},
		"base": {pkg("jq", "1.6", "amd64"), pkg("libc6", "1", "amd64"), pkg("libc6", "1", "i386"), pkg("made", "1", "amd64"), pkg("only", "1", "amd64")},
	} {
		f.Set(target, lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{Wanted: [][]string{{"jq"}}, Packages: packages}})
	}
	var together, apart sbom.Contents
	together.AddPackages(f, f.Platform("top", "linux/amd64"), f.Platform("base", "linux/amd64"))
	apart.AddPackages(f, f.Platform("top", "linux/amd64"))
	apart.AddPackages(f, f.Platform("base", "linux/amd64"))
	for _, c := range []*sbom.Contents{&together, &apart} {
		var got []string
		for _, p := range packagesOf(t, c)[1:] {
			got = append(got, string(p.PackageSPDXIdentifier)+" "+p.PackageVersion)
		}
		want := []string{"Package-jq-amd64 1.7", "Package-libc6-i386 2", "Package-made-all 2", "Package-libc6-amd64 1", "Package-only-amd64 1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("packages (-want +got):\n%s", diff)
		}
	}
}

// TestIdentifiers gives each part an identifier of its own, whatever others are called.
func TestIdentifiers(t *testing.T) {
	var c sbom.Contents
	var urls []lock.URL
	for _, address := range []string{"https://a.example.org/tool", "https://b.example.org/tool", "https://c.example.org/tool.2", "https://d.example.org/t_ool", "https://e.example.org/t-ool"} {
		urls = append(urls, lock.URL{Address: address, SHA256: strings.Repeat("5f", 32)})
	}
	c.AddSources(lock.Sources{URLs: urls})
	seen := map[string]bool{}
	for _, p := range packagesOf(t, &c) {
		id := string(p.PackageSPDXIdentifier)
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
}

// TestGivenURLs writes package URLs as their specification has them, however the build file
// does: SPDX takes none with a blank.
func TestGivenURLs(t *testing.T) {
	image := &plan.Image{Target: "top", Platform: "linux/amd64", PackageURLs: map[string]string{"jq": "pkg:deb/debian/jq@1.6?distro=debian 12&arch=amd64"}, Layers: []plan.Layer{
		{Name: "made", Strategy: "build", Action: &plan.Exec{About: &plan.About{PURL: "pkg:npm/@scope/my tool@1", Contains: []plan.About{{PURL: "pkg://pypi/Foo_Bar@2"}}}}},
	}}
	var c sbom.Contents
	f := sample()
	c.AddPackages(f, f.Platform("default", "linux/amd64"))
	c.AddPlan(&plan.Plan{Platform: "linux/amd64", Images: []*plan.Image{image}}, sbom.Known{})
	got := map[string]string{}
	for _, p := range packagesOf(t, &c)[1:] {
		got[p.PackageName] = p.PackageExternalReferences[0].Locator
	}
	for name, want := range map[string]string{"jq": "pkg:deb/debian/jq@1.6?arch=amd64&distro=debian%2012", "my tool": "pkg:npm/%40scope/my%20tool@1", "foo-bar": "pkg:pypi/foo-bar@2"} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

// packagesOf are those of a document, as the specification's own library reads it.
func packagesOf(t *testing.T, c *sbom.Contents) []*v23.Package {
	t.Helper()
	text, err := sbom.Write(c, sbom.Subject{Name: "top", Platform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := spdx.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Packages
}

// everything is a plan with all that an image can be made of: a target that stands on
// another, and takes something from a third one.
func everything() *plan.Plan {
	const platform = "linux/amd64"
	sum, commit := "sha256:"+strings.Repeat("0f", 32), strings.Repeat("1a", 20)
	image := func(name string) plan.Tree {
		return plan.Tree{Kind: plan.Registry, Name: name + "@" + sum, Platform: platform}
	}
	about := &plan.About{PURL: "pkg:generic/mine@3", License: "MIT OR LicenseRef-Mine", Version: "3.1", Supplier: "Example"}
	about.Contains = []plan.About{{PURL: "pkg:cargo/part@1", License: "LicenseRef-Part"}, {PURL: "pkg:generic/mine@3", License: "EPL-2.0"}}
	files := func(entries ...plan.Entry) plan.Layer {
		return plan.Layer{Strategy: "files", Action: &plan.Files{Entries: entries}}
	}
	return &plan.Plan{Platform: platform, Images: []*plan.Image{
		{Target: "tools", Platform: platform, From: image("docker.io/library/golang:1"), Layers: []plan.Layer{
			files(plan.Entry{HTTP: &plan.HTTP{URL: "https://user:secret@example.org/only-taken-1.0.tar.gz", Checksum: sum}}),
			{Name: "unseen", Strategy: "build", Action: &plan.Exec{From: image("docker.io/library/golang:1"), About: about}},
		}},
		{Target: "base", Platform: platform, From: image("docker.io/library/debian:12"), Layers: []plan.Layer{
			files(plan.Entry{Git: &plan.Git{URL: "https://github.com/owner/name.git#v1:dir", Commit: commit, Ref: "refs/tags/v1"}, About: &plan.About{License: "Apache-2.0"}}),
		}},
		{Target: "default", Platform: platform, From: plan.Tree{Kind: plan.Target, Name: "base", Platform: platform}, PackageURLs: map[string]string{"jq": "pkg:deb/example/jq@1.6"}, Layers: []plan.Layer{
			files(
				plan.Entry{HTTP: &plan.HTTP{URL: "https://github.com/owner/tool/releases/download/v2/tool.tar.gz", Checksum: sum}},
				plan.Entry{HTTP: &plan.HTTP{URL: "https://example.org/unlocked"}, About: &plan.About{Version: "7", Supplier: "Person: A B"}},
				plan.Entry{Copy: &plan.Copy{From: plan.Tree{Kind: plan.Target, Name: "tools", Platform: platform}, Path: "/out"}},
				plan.Entry{Git: &plan.Git{URL: "https://example.org/b.git#main"}},
				plan.Entry{Copy: &plan.Copy{From: plan.Tree{Kind: plan.Dockerfile, Name: "Dockerfile", Platform: platform}, Path: "/out"}},
			),
			{Name: "mine", Strategy: "build", Action: &plan.Exec{From: image("example.org/build:1"), About: about}},
			{Strategy: "derivation", Action: &plan.Store{Dir: "/nix/store", Items: []plan.StorePath{
				{Name: strings.Repeat("a", 32) + "-hello-2.12", NarHash: sum, URL: "https://cache.example.org/nar/x.nar.xz"}, {Name: "forjar"},
			}}},
		}},
	}}
}

// TestPlan shows everything that a plan has, and what is asked for what it doesn't have.
func TestPlan(t *testing.T) {
	var c sbom.Contents
	f := sample()
	c.AddPackages(f, f.Platform("default", "linux/amd64"))
	c.AddPlan(everything(), sbom.Known{
		File:   func(string) string { return "sha256:" + strings.Repeat("2b", 32) },
		Commit: func(string, string) (name, commit string) { return "refs/heads/main", strings.Repeat("3c", 20) },
		Images: func(plan.Tree) []string {
			return []string{"docker.io/library/alpine:3@sha256:" + strings.Repeat("4d", 32)}
		},
	})
	got, err := sbom.Write(&c, sbom.Subject{Name: "default", Platform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/plan.spdx.json", got)
	if bytes.Contains(got, []byte("secret")) || bytes.Contains(got, []byte("unseen")) {
		t.Errorf("the document has a login, or a command of a target that isn't shipped:\n%s", got)
	}
}

// TestLockedSources shows what a lock alone tells.
func TestLockedSources(t *testing.T) {
	f := sample()
	f.Sources = lock.Sources{
		Images: []lock.Image{{Name: "debian:12", Digest: "sha256:" + strings.Repeat("0f", 32)}},
		URLs:   []lock.URL{{Address: "https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz", SHA256: strings.Repeat("1a", 32), Size: 1}},
		Git:    []lock.Git{{Address: "https://github.com/o/n.git#v1", Ref: "refs/tags/v1", Commit: strings.Repeat("2b", 20)}},
	}
	f.Set("default", lock.Platform{Name: "linux/amd64", Closures: []lock.Closure{{Paths: []lock.StorePath{{
		Path: "/nix/store/" + strings.Repeat("a", 32) + "-hello-2.12", NarHash: strings.Repeat("3c", 32), URL: "https://cache.example.org/nar/x.nar",
	}}}}})
	var c sbom.Contents
	c.AddClosures(f.Platform("default", "linux/amd64"), f.Platform("another", "linux/amd64"))
	c.AddSources(f.Sources)
	got, err := sbom.Write(&c, sbom.Subject{Name: "default", Platform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/locked.spdx.json", got)
}
