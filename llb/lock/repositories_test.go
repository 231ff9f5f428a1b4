// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/llb/lock"
)

// ofRelease is what a target is resolved to on a release of Alpine, whose repositories are
// all called main.
func ofRelease(release string) (lock.Platform, []lock.Repository) {
	packages := &lock.Packages{Wanted: [][]string{{"jq"}}, Installer: "register", Packages: []lock.Package{
		{Name: "jq", Version: release, Arch: "x86_64", Repository: "main", Path: "x86_64/jq-" + release + ".apk", Size: 1, SHA256: strings.Repeat("0a", 32)},
		{Name: "tools", Version: release, Arch: "x86_64", Repository: "main-2", Path: "x86_64/tools-" + release + ".apk", Size: 1, SHA256: strings.Repeat("1b", 32)},
	}}
	return lock.Platform{Name: "linux/amd64", Packages: packages}, []lock.Repository{
		{ID: "main", Type: "apk", URIs: []string{"https://example.org/v" + release + "/main"}, Distribution: "alpine-" + release},
		{ID: "main-2", Type: "apk", URIs: []string{"https://example.org/tools/main"}, Signers: []string{"of-" + release}},
	}
}

// TestRepositoriesOfOneName keeps targets of two releases, in any order: each package
// comes from its own repository, and the bytes are the same.
func TestRepositoriesOfOneName(t *testing.T) {
	targets := []string{"default", "new", "old", "older"}
	releases := map[string]string{"default": "3.20", "new": "3.20", "old": "3.19", "older": "3.18"}
	made := func(order ...string) *lock.File {
		f := &lock.File{}
		for _, target := range order {
			p, repositories := ofRelease(releases[target])
			f.Keep(target, p, repositories)
		}
		f.Prune()
		return f
	}
	f := made(targets...)
	text := string(f.Write())
	for _, order := range [][]string{{"older", "old", "new", "default"}, {"old", "default", "older", "new"}} {
		if diff := cmp.Diff(text, string(made(order...).Write())); diff != "" {
			t.Errorf("in the order %v (-want +got):\n%s", order, diff)
		}
	}
	read, err := lock.Read("strata.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	again := &lock.File{}
	for _, target := range slices.Backward(targets) {
		p := read.Platform(target, "linux/amd64")
		again.Keep(target, *p, read.RepositoriesOf(p.Packages))
		for i, want := range []lock.Repository{
			{URIs: []string{"https://example.org/v" + releases[target] + "/main"}, Name: "main"},
			{URIs: []string{"https://example.org/tools/main"}, Name: "main-2"},
		} {
			r := read.Repository(p.Packages.Packages[i].Repository)
			if r == nil || r.Called() != want.Name || !slices.Equal(r.URIs, want.URIs) {
				t.Errorf("%s of %s is from %+v, want %s, which is called %s", p.Packages.Packages[i].Name, target, r, want.URIs, want.Name)
			}
		}
	}
	again.Prune()
	if diff := cmp.Diff(text, string(again.Write())); diff != "" {
		t.Errorf("kept once more (-want +got):\n%s", diff)
	}
	if len(f.Repositories) != 4 || f.Repository("main").Distribution != "alpine-3.20" || f.Repository("main-2").Name != "" {
		t.Errorf("the repositories are %+v", f.Repositories)
	}
}

// TestRepositoryReadTwice keeps one repository as it was read last.
func TestRepositoryReadTwice(t *testing.T) {
	f := &lock.File{}
	first := time.Date(2026, 10, 3, 9, 0, 0, 0, time.UTC)
	for i, later := range []time.Duration{time.Hour, 0, time.Minute} {
		p, repositories := ofRelease("3.20")
		repositories[0].Date = first.Add(later)
		f.Keep(string(rune('a'+i)), p, repositories)
	}
	if len(f.Repositories) != 2 || !f.Repository("main").Date.Equal(first.Add(time.Hour)) {
		t.Errorf("the repositories are %+v", f.Repositories)
	}
}

// TestKeepOthers keeps what was not asked for, and nothing that was resolved again.
func TestKeepOthers(t *testing.T) {
	const amd64, arm64 = "linux/amd64", "linux/arm64"
	was := &lock.File{Written: []string{amd64, arm64}}
	was.Sources.Merge(lock.Sources{Images: []lock.Image{{Name: "debian:12", Digest: "sha256:" + strings.Repeat("1b", 32)}}})
	for _, target := range []string{"default", "gone", "tools"} {
		p, repositories := ofRelease("3.19")
		was.Keep(target, p, repositories)
	}
	other, repositories := ofRelease("3.19")
	other.Name = arm64
	was.Keep("default", other, repositories)
	is := &lock.File{Written: []string{arm64}}
	for _, target := range []string{"default", "tools"} { // the second one is for a platform of its own
		p, repositories := ofRelease("3.20")
		if target == "default" {
			p.Name = arm64
		}
		is.Keep(target, p, repositories)
	}
	is.KeepOthers(was, []string{arm64}, func(target string) bool { return target != "gone" })
	is.Prune()
	got := map[string]string{}
	for _, target := range is.Targets {
		for _, p := range target.Platforms {
			got[target.Name+" "+p.Name] = is.Repository(p.Packages.Packages[0].Repository).Distribution
		}
	}
	want := map[string]string{"default " + amd64: "alpine-3.19", "default " + arm64: "alpine-3.20", "tools " + amd64: "alpine-3.20"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("releases of targets (-want +got):\n%s", diff)
	}
	if !slices.Equal(is.Platforms(), []string{amd64, arm64}) || is.Image("debian:12") == nil {
		t.Errorf("the lock is for %v and has %v", is.Platforms(), is.Sources)
	}
}

// TestOwnPlatform holds that a target for a platform of its own makes no lock one for that.
func TestOwnPlatform(t *testing.T) {
	f := &lock.File{Written: []string{"linux/arm64"}}
	p, repositories := ofRelease("3.20")
	f.Keep("tools", p, repositories)
	read, err := lock.Read("strata.lock", f.Write())
	if err != nil {
		t.Fatal(err)
	}
	if got := read.Platforms(); !slices.Equal(got, f.Written) {
		t.Errorf("the lock is for %v, want %v", got, f.Written)
	}
	read.Written = nil // as in a lock of an older version
	if got := read.Platforms(); !slices.Equal(got, []string{"linux/amd64"}) {
		t.Errorf("a lock that doesn't say it is for %v", got)
	}
}

// TestForEachPlatform locks a target for a platform of its own that asks for other packages
// each time, and one that asks for the same.
func TestForEachPlatform(t *testing.T) {
	const amd64, arm64, s390x = "linux/amd64", "linux/arm64", "linux/s390x"
	compiler := func(f *lock.File, target, asked, release string) {
		p, repositories := ofRelease(release)
		p.Name = lock.PlatformFor(amd64, asked)
		f.Keep(target, p, repositories)
	}
	names := func(f *lock.File, target string) (out []string) {
		for _, each := range f.Targets {
			for i := 0; each.Name == target && i < len(each.Platforms); i++ {
				out = append(out, each.Platforms[i].Name)
			}
		}
		return out
	}
	all := []string{amd64, arm64, s390x}
	f := &lock.File{Written: all}
	for _, asked := range []string{s390x, arm64, amd64} {
		compiler(f, "cross", asked, map[string]string{amd64: "3.18", arm64: "3.19", s390x: "3.18"}[asked])
		compiler(f, "same", asked, "3.20")
		if asked != amd64 {
			compiler(f, "others", asked, "3.20")
		}
	}
	f.Prune()
	f, err := lock.Read("strata.lock", f.Write())
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string][]string{"cross": {amd64, amd64 + " for " + arm64}, "same": {amd64}, "others": {amd64}} {
		if diff := cmp.Diff(want, names(f, target)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
	check := func(f *lock.File, asked, want string) {
		t.Helper()
		if p := f.For("cross", amd64, asked); p == nil || p.Packages.Packages[0].Version != want {
			t.Errorf("for %s it is %+v, want %s", asked, p, want)
		}
	}
	check(f, amd64, "3.18")
	check(f, arm64, "3.19")
	check(f, s390x, "3.18")
	is := &lock.File{Written: []string{amd64}}
	compiler(is, "cross", amd64, "3.20")
	is.KeepOthers(f, []string{amd64}, func(string) bool { return true })
	is.Prune()
	check(is, amd64, "3.20")
	check(is, arm64, "3.19")
	check(is, s390x, "3.18")
	if f.For("none", amd64, arm64) != nil || (*lock.File)(nil).For("cross", amd64, arm64) != nil {
		t.Error("there is something where nothing is")
	}
}
