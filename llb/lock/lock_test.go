// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"errors"
	"flag"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func sample() *lock.File {
	f := &lock.File{Written: []string{"linux/amd64", "linux/arm64"}}
	f.Sources.Merge(lock.Sources{
		Images: []lock.Image{
			{Name: "registry.example.org:5000/tool:1.2", Digest: "sha256:" + strings.Repeat("6a", 32)},
			{Name: "debian:bookworm-slim", Digest: "sha256:" + strings.Repeat("1b", 32)},
		},
		URLs: []lock.URL{{Address: "https://example.org/a tool?x=1,2", SHA256: strings.Repeat("9a", 32), Size: 12}},
		Git: []lock.Git{
			{Address: "https://example.org/app.git", Ref: "refs/heads/main", Commit: strings.Repeat("ab", 20)},
			{Address: "git@example.org:lib.git#v1", Commit: strings.Repeat("cd", 32)},
		},
	})
	f.SetRepository(lock.Repository{ID: "stable-updates", Type: "deb", Suite: "stable-updates"})
	f.SetRepository(lock.Repository{
		ID: "stable", Type: "deb", URIs: []string{"https://archive.example.org/debian"}, Suite: "stable", Distribution: "debian-12", Components: []string{"main"},
		Date: time.Date(2026, 10, 3, 9, 0, 0, 0, time.UTC), Signers: []string{"4D64FEC119C2029067D6E791F8D2585B8783D481"},
	})
	f.SetRepository(lock.Repository{ID: "unused", Type: "deb"})
	f.Set("debug", lock.Platform{Name: "linux/arm64", Packages: &lock.Packages{
		Wanted: [][]string{{"gdb"}}, Installer: plan.Native, Why: "gdb replaces a file of the base: \"/usr/bin/gdb\"", Recommends: true, AllowHeld: true, Manual: []string{"libgdb1"}, Filters: []string{"-/usr/share/doc/*", "+/usr/share/doc/*/copyright"},
		Packages: []lock.Package{
			{Name: "gdb", Version: "13.1-3", Arch: "arm64", Repository: "stable-updates", Path: "pool/main/g/gdb/gdb_13.1-3_arm64.deb", Size: 1, SHA256: strings.Repeat("0a", 32)},
		},
	}})
	f.Set("default", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{
		Base: "debian:bookworm-slim@sha256:" + strings.Repeat("1b", 32), Upgrade: "security", Like: "debian:trixie-slim@sha256:" + strings.Repeat("2b", 32), Wanted: [][]string{{"ca-certificates", "jq"}, {"null"}}, Installer: plan.Register, Conffiles: map[string]string{"/etc/jq.conf": "jq", "/etc/jq.d/a b": "jq", "/etc/null": "null"},
		Packages: []lock.Package{
			{Name: "jq", Version: "1.6-2.1", Arch: "amd64", Repository: "stable", Path: "pool/main/j/jq/jq_1.6-2.1_amd64.deb", Size: 64924, SHA256: strings.Repeat("2c", 32)},
			{Name: "null", Version: "1:2", Arch: "all", Source: "nothing", Layer: 1, Repository: "stable", Path: "pool/null.deb", Size: 12, SHA256: strings.Repeat("3d", 32)},
		},
	}})
	f.Set("files", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{
		Wanted: [][]string{{"./dist/*.deb", "https://example.org/agent.deb", "target:pkg:/out/a b.deb"}}, Installer: plan.Assemble, Type: "deb",
		Packages: []lock.Package{
			{Name: "agent", Version: "2", Arch: "amd64", URL: "https://example.org/agent.deb", Size: 7, SHA256: strings.Repeat("6a", 32)},
			{Name: "app", Version: "1", Arch: "amd64", Beside: "agent", File: "dist/app.deb", Size: 8, SHA256: strings.Repeat("7b", 32)},
			{Name: "made", Version: "1", Arch: "all", From: "target:pkg", File: "out/a b.deb", Size: 9, SHA256: strings.Repeat("8c", 32)},
		},
		Present: []lock.Package{{Name: "there", Version: "1", Arch: "all", File: "dist/there.deb", Size: 9, SHA256: strings.Repeat("9d", 32)}},
	}})
	f.Add("default", lock.Platform{Name: "linux/amd64", Closures: []lock.Closure{{
		Roots: []string{"/nix/store/" + nixHash + "-app"}, Caches: []string{"https://cache.example.org"}, Keys: []string{"k-1:AAAA="},
		Paths: []lock.StorePath{
			{
				Path: "/nix/store/" + nixHash + "-app", NarHash: strings.Repeat("4e", 32), NarSize: 120, URL: "https://cache.example.org/nar/a.nar",
				Compression: "none", FileHash: strings.Repeat("4e", 32), Deriver: "/nix/store/" + nixHash + "-app.drv",
				References: []string{"/nix/store/" + nixHash + "-app", "/nix/store/" + nixHash + "-lib"}, Signature: "k-1:AAAA==", Line: 56,
			},
			{Path: "/nix/store/" + nixHash + "-lib", NarHash: strings.Repeat("5f", 32), NarSize: 96, URL: "https://cache.example.org/nar/b", Compression: "zstd", Line: 57},
		},
	}}})
	f.Prune()
	return f
}

const nixHash = "0123456789abcdfghijklmnpqrsvwxyz"

func TestWriteThenRead(t *testing.T) {
	const golden = "testdata/strata.lock"
	want := sample()
	text := want.Write()
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wantText, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(wantText), string(text)); diff != "" {
		t.Errorf("Write() (-want +got):\n%s", diff)
	}
	got, err := lock.Read("strata.lock", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Read() (-want +got):\n%s", diff)
	}
	if got := want.Platforms(); !slices.Equal(got, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("Platforms() = %v", got)
	}
	if want.Platform("default", "linux/arm64") != nil || want.Platform("debug", "linux/arm64") == nil {
		t.Error("Platform() finds the wrong ones")
	}
}

func TestSetReplaces(t *testing.T) {
	f := sample()
	f.Set("default", lock.Platform{Name: "linux/amd64"})
	if p := f.Platform("default", "linux/amd64"); p == nil || p.Packages != nil {
		t.Errorf("Platform() = %v, want the new one", p)
	}
	if f.Repository("stable").Suite != "stable" || f.Repository("unused") != nil {
		t.Error("Prune took the wrong repository")
	}
}

// TestPathsOfArchives reads paths back as archives have them.
func TestPathsOfArchives(t *testing.T) {
	text := string(sample().Write())
	for _, name := range []string{"./null.deb", "pool//null.deb", "null..deb", "pool/.../null.deb"} {
		f, err := lock.Read("strata.lock", []byte(strings.Replace(text, "pool/null.deb", strconv.Quote(name), 1)))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := f.Platform("default", "linux/amd64").Packages.Packages[1].Path; got != name {
			t.Errorf("%s is read as %s", name, got)
		}
	}
}

// TestReadOlder reads a lock of the format before sources.
func TestReadOlder(t *testing.T) {
	f, err := lock.Read("strata.lock", []byte("version: 1\n"))
	if err != nil || !f.Older || !f.Clone().Older {
		t.Errorf("Read() = %+v, %v", f, err)
	}
}

// TestSources finds what addresses stand for, and puts newer things in its place.
func TestSources(t *testing.T) {
	f := sample()
	for _, name := range []string{"debian:bookworm-slim", "docker.io/library/debian:bookworm-slim", "index.docker.io/library/debian:bookworm-slim"} {
		if got := f.Image(name); got == nil || got.Name != "debian:bookworm-slim" {
			t.Errorf("Image(%q) = %v", name, got)
		}
	}
	for _, name := range []string{"debian", "debian:bookworm", "", "Debian", "debian:bookworm-slim@sha256:" + strings.Repeat("1b", 32)} {
		if got := f.Image(name); got != nil {
			t.Errorf("Image(%q) = %v", name, got)
		}
	}
	if f.URL("https://example.org/a tool?x=1,2").Size != 12 || f.URL("https://example.org/a") != nil {
		t.Error("URL() finds the wrong ones")
	}
	if f.Git("git@example.org:lib.git#v1") == nil || f.Git("git@example.org:lib.git") != nil {
		t.Error("Git() finds the wrong ones")
	}
	var none *lock.File
	if none.Image("debian:bookworm-slim") != nil || none.URL("x") != nil || none.Git("x") != nil {
		t.Error("no lock has sources")
	}
	before := f.Clone()
	same, moved := "sha256:"+strings.Repeat("1b", 32), "sha256:"+strings.Repeat("0f", 32)
	f.Sources.Merge(lock.Sources{Images: []lock.Image{{Name: "debian:bookworm-slim", Digest: moved}}})
	if got := f.Image("debian:bookworm-slim"); got.Digest != moved {
		t.Errorf("an image that moved: %+v", got)
	}
	if got := before.Image("debian:bookworm-slim"); got.Digest != same {
		t.Errorf("a copy changed with the lock: %+v", got)
	}
}

func TestReadRefuses(t *testing.T) {
	good := string(sample().Write())
	for _, tc := range []struct{ old, new, want string }{
		{good, "", "it is empty"},
		{"version: 2", "version: 3", "it has version 3"},
		{`"debian:bookworm-slim": {digest`, `debian: {digest`, "is not the name of an image with a tag"},
		{`"debian:bookworm-slim": {digest`, `"debian@sha256:` + strings.Repeat("1b", 32) + `": {digest`, "is not the name of an image with a tag"},
		{`tool:1.2": {digest`, `tool:1.2": {checksum`, "field checksum not found"},
		{"[linux/amd64, ", "[linux/../amd64, ", "is not a platform"},
		{"[linux/amd64, ", "[linux/x86_64, ", "is not a platform"},
		{"sha256:" + strings.Repeat("6a", 32), "sha256:6a", "is not a digest"},
		{`"https://example.org/a tool`, `"file:///a tool`, "is not an http or https address"},
		{strings.Repeat("9a", 32), "9a", "is not 64 hexadecimal digits"},
		{", size: 12}\ngit", ", size: -12}\ngit", "size -12 is negative"},
		{"commit: ab", "commit: --upload-pack=", "is not 40 or 64 hexadecimal digits"},
		{"ref: refs/heads/main", "ref: --upload-pack=x", "is not the full name of a reference"},
		{"ref: refs/heads/main", "ref: refs/heads/../x", "is not the full name of a reference"},
		{"wanted:", "wished:", "field wished not found"},
		{"repository: stable,", "repository: nowhere,", `no repository "nowhere"`},
		{"pool/null.deb", "../null.deb", `path "../null.deb" is not relative`},
		{"pool/null.deb", "pool/..", `path "pool/.." is not relative`},
		{"pool/null.deb", "pool//../../null.deb", `path "pool//../../null.deb" is not relative`},
		{"pool/null.deb", "pool/", `path "pool/" is not relative`},
		{"pool/null.deb", "/null.deb", `path "/null.deb" is not relative`},
		{"pool/null.deb", "https://example.org/null.deb", "is not relative"},
		{"layer: 1", "layer: 2", "layer 2 is not among"},
		{"size: 12", "size: -12", "size -12 is negative"},
		{"size: 12", "size: large", "`large` stands where a number belongs"},
		{"layer: 1", "layer: [1]", "something else stands where a number belongs"},
		{"type: deb\n      packages:", "type: [deb]\n      packages:", "something else stands where a text belongs"},
		{good, "frob", "`frob` stands where a map belongs"},
		{strings.Repeat("3d", 32), "3d", "is not 64 hexadecimal digits"},
		{"caches: [", "cashes: [", "field cashes not found"},
		{"https://cache.example.org/nar/b", "file:///etc/passwd", "is not an http or https address"},
		{"nar_size: 96", "nar_size: 0", "nar_size 0 of"},
		{strings.Repeat("5f", 32), "5f", "is not 64 hexadecimal digits"},
		{`path: "/nix/store/` + nixHash + "-lib", `path: "nix/../` + nixHash + "-lib", "is not a store path"},
		{"file: dist/app.deb", "file: ../app.deb", `file "../app.deb" is not relative to its tree`},
		{"file: dist/app.deb", "file: /app.deb", `file "/app.deb" is not relative to its tree`},
		{"file: dist/app.deb", "file: dist/app.deb, url: \"https://example.org/a\"", "want a repository and a path, a file, or a url"},
		{`from: "target:pkg", file: "out/a b.deb"`, `from: "target:pkg"`, "the lock has no repository \"\""},
		{`url: "https://example.org/agent.deb", size`, `url: "file:///etc/passwd", size`, `url "file:///etc/passwd" is not an http or https address`},
		{"type: deb\n      packages", "packages", "it is a file, and the lock doesn't say of which type"},
		{"installer: native", "installer: magic", `unknown installer "magic"`},
		{`name: "null"`, "name: jq", `package "jq"`},
	} {
		text := strings.Replace(good, tc.old, tc.new, 1)
		if tc.new == "name: jq" {
			text = strings.Replace(text, "arch: all", "arch: amd64", 1)
		}
		_, err := lock.Read("strata.lock", []byte(text))
		if bad := (*lock.FormatError)(nil); !errors.As(err, &bad) || !strings.HasSuffix(err.Error(), "; write it again with \"strata lock\"") {
			t.Errorf("with %q for %.20q: %v, want what to do", tc.new, tc.old, err)
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || !placed.MatchString(err.Error()) && tc.want != "it is empty" {
			t.Errorf("with %q for %.20q: %v, want %q", tc.new, tc.old, err, tc.want)
		}
	}
}

// placed are errors that name a line of the lock.
var placed = regexp.MustCompile(`^read strata\.lock:[1-9][0-9]*: `)

// FuzzRead checks that what is read survives being written.
func FuzzRead(f *testing.F) {
	f.Add(sample().Write())
	f.Add([]byte("version: 1\n"))
	f.Add([]byte("version: 2\nimages:\n  a:b: {digest: sha256:00}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := lock.Read("strata.lock", data)
		if err != nil {
			if text := err.Error(); len(text) > 1000 || strings.ContainsAny(text, "\n\r\x00\x1b") {
				t.Errorf("an error that breaks a terminal: %q", text)
			}
			return
		}
		text := first.Write()
		second, err := lock.Read("strata.lock", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if again := second.Write(); string(again) != string(text) {
			t.Errorf("written twice:\n%s\n%s", text, again)
		}
	})
}
