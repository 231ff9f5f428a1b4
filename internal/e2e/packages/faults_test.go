// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestPackagesFaults asks for what can't be had: each is one error, at the line
// that asks.
func TestPackagesFaults(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{Name: "hello", Version: "2.0-1"},
		testenv.Deb{Name: "mail-a", Version: "1", Fields: map[string]string{"Conflicts": "mail-server", "Provides": "mail-server"}},
		testenv.Deb{Name: "mail-b", Version: "1", Fields: map[string]string{"Conflicts": "mail-server", "Provides": "mail-server"}},
		testenv.Deb{Name: "needy", Version: "1", Fields: map[string]string{"Depends": "nowhere (>= 3)"}},
	)
	for _, tc := range []struct {
		name, names string
		status      int
		want        []string
	}{
		{"unknown", "hallo", 2, []string{"strata.yaml:5:15: ", "find the package hallo: no repository has it; did you mean hello?"}},
		{"version", "hello=3*", 2, []string{"strata.yaml:5:15: ", "find version 3* of the package hello: no repository has it; there is 2.0-1"}},
		{"virtual", "mail-server", 2, []string{"strata.yaml:5:15: ", "it is a virtual package, provided by mail-a and mail-b"}},
		{"conflict", "hello, mail-a, mail-b", 2, []string{"strata.yaml:5:22: ", "mail-a and mail-b cannot be installed together"}},
		{"missing", "needy", 2, []string{"strata.yaml:5:15: ", "needy cannot be installed: ", "nowhere (>= 3)"}},
		{"foreign", "hello:arm64", 2, []string{"strata.yaml:5:15: ", "packages of a foreign architecture are not supported"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := h.PackagesProject(t, a, tc.names)
			status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
			if status != tc.status {
				t.Errorf("exit status %d, want %d", status, tc.status)
			}
			house.Contains(t, out, tc.want...)
			if _, err := os.Stat(filepath.Join(dir, "strata.lock")); err == nil {
				t.Error("there is a lock")
			}
		})
	}
}

// TestArchiveFaults meets archives that no one should trust.
func TestArchiveFaults(t *testing.T) {
	h := house.New(t)
	other := testenv.NewDebArchive(t)
	const inRelease, packages = "dists/stable/InRelease", "dists/stable/main/binary-amd64/Packages.gz"
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, a *testenv.DebArchive)
		want  []string
	}{
		{"unsigned", func(t *testing.T, a *testenv.DebArchive) {
			house.Remove(t, filepath.Join(a.Dir, inRelease))
		}, []string{"archive stable: the repository '", "stable Release' is not signed; "}},
		{"altered release", func(t *testing.T, a *testenv.DebArchive) {
			house.Replace(t, filepath.Join(a.Dir, inRelease), "Origin: Example", "Origin: Exempli")
		}, []string{"archive stable: verify the Release file: the signature of", "is bad"}},
		{"stranger", func(_ *testing.T, a *testenv.DebArchive) {
			a.Keyring = other.Keyring
		}, []string{"archive stable: verify the Release file: signed by", "none of these keys is trusted"}},
		{"expired", func(t *testing.T, a *testenv.DebArchive) {
			house.Replace(t, filepath.Join(a.Dir, "dists/stable/Release"), "Suite: stable", "Valid-Until: Mon, 03 Jan 2022 00:00:00 UTC\nSuite: stable")
			a.Sign(t)
		}, []string{"it expired on 2022-01-03"}},
		{"future", func(t *testing.T, a *testenv.DebArchive) {
			redate(t, a, "Date: Sat, 03 Jan 2099 00:00:00 UTC")
		}, []string{"it isn't valid before 2099-01-03"}},
		{"endless release", func(t *testing.T, a *testenv.DebArchive) {
			if err := os.Truncate(filepath.Join(a.Dir, inRelease), 33<<20); err != nil {
				t.Fatal(err)
			}
		}, []string{"it has the wrong size: it has 34603008 bytes, and 33554432 are read at most"}},
		{"size that no one reads", func(t *testing.T, a *testenv.DebArchive) {
			release := filepath.Join(a.Dir, "dists/stable/Release")
			sizes := regexp.MustCompile(`[0-9]+ (main/binary-amd64/Packages)`)
			house.Write(t, release, []byte(sizes.ReplaceAllString(house.Read(t, release), "9223372036854775807 $1")))
			a.Sign(t)
		}, []string{"read the package list of stable: ", "its index says 9223372036854775807 bytes"}},
		{"many components", func(t *testing.T, a *testenv.DebArchive) {
			release := filepath.Join(a.Dir, "dists/stable/Release")
			house.Replace(t, release, "Components: main\n", "Components:"+strings.Repeat(" other", 3000)+"\n")
			house.Write(t, release, []byte(strings.ReplaceAll(house.Read(t, release), " main/", " other/")))
			a.Sign(t)
		}, []string{"it has no component main; it has other, ", "other and 2989 more\n"}},
		{"altered index", func(t *testing.T, a *testenv.DebArchive) {
			a.Add(t, testenv.Deb{Name: "unlike-any-other", Version: "1"}) // or BuildKit has that index already
			file := filepath.Join(a.Dir, packages)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)/2] ^= 1
			house.Write(t, file, data)
		}, []string{"read the package list of stable: ", "it is not the file that is expected: it has sha256:", ", and not sha256:"}},
		{"no such suite", func(t *testing.T, a *testenv.DebArchive) {
			if err := os.RemoveAll(filepath.Join(a.Dir, "dists/stable")); err != nil {
				t.Fatal(err)
			}
		}, []string{"archive stable: the repository '", "stable Release' does not have a Release file; "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := house.Hello(t)
			tc.spoil(t, a)
			dir := h.PackagesProject(t, a, "hello")
			status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
			if status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
			house.Contains(t, out, append(tc.want, "strata.yaml:5:7: ")...)
		})
	}
}

// TestLockWithoutPackage locks packages of which the archive has lost one, and one whose
// name an address can't have as it is.
func TestLockWithoutPackage(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "lost+found", Version: "1:2~3"}, testenv.Deb{Name: "there+is", Version: "1:2~3"})
	dir := h.OnDebian(t, a, testenv.DebianBase(t), "\n  - packages: {names: [there+is], REPOSITORIES}\n")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	gone, err := filepath.Glob(filepath.Join(a.Dir, "pool/main/lost+found/*.deb"))
	if err != nil || len(gone) != 1 {
		t.Fatalf("files of the package: %v, %v", gone, err)
	}
	house.Remove(t, gone[0])
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "there+is", "lost+found")
	for _, by := range []string{"source", "step"} {
		status, out := h.Lock(t, a, dir, "--platform=linux/amd64", "--build-arg=STRATA_FETCH="+by)
		_, said, _ := strings.Cut(out, "\nstrata: ") // what comes before is BuildKit's progress
		if status != 1 || strings.Contains(said, "digest mismatch") {
			t.Errorf("%s: exit status %d:\n%s", by, status, out)
		}
		house.Contains(t, said, "strata.yaml:5:15: ", "fetch lost+found 1:2~3: "+a.URL, "lost%2bfound", "answers with status 404")
	}
	_, out := h.Lock(t, a, dir, "--build-arg=STRATA_FETCH=both")
	house.Contains(t, out, `parse STRATA_FETCH: want source or step, found "both"`)
}

// TestRollback refuses an archive that is older than what the lock has seen.
func TestRollback(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	dir := h.PackagesProject(t, a, "hello")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	redate(t, a, "Date: Mon, 03 Jan 2022 00:00:00 UTC")
	status, out := h.Lock(t, a, dir, "--update")
	if status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	house.Contains(t, out, "it is of 2022-01-03", "older than the one of")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "[hello]", "[hello, hello-data]")
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir, "--build-arg=MIRROR="+a.URL, "--platform=linux/amd64", "--target=strata.lock", "-o", t.TempDir())...)
		if err == nil {
			t.Error("an older archive is taken")
		}
		house.Contains(t, out, "it is of 2022-01-03", "older than the one of")
	})
}

// TestSnapshot locks what has expired, where the build file says that it may have.
func TestSnapshot(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	house.Replace(t, filepath.Join(a.Dir, "dists/stable/Release"), "Suite: stable", "Valid-Until: Mon, 03 Jan 2022 00:00:00 UTC\nSuite: stable")
	a.Sign(t)
	dir := h.PackagesProject(t, a, "hello")
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	if status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	house.Contains(t, out, "it expired on 2022-01-03", `the build file should say "snapshot: true"`)
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "{type: deb,", "{type: deb, snapshot: true,")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
}

// redate signs an archive's Release with another date, or without one.
func redate(t *testing.T, a *testenv.DebArchive, date string) {
	t.Helper()
	release := filepath.Join(a.Dir, "dists/stable/Release")
	for line := range strings.SplitSeq(house.Read(t, release), "\n") {
		if strings.HasPrefix(line, "Date: ") {
			house.Replace(t, release, line, date)
		}
	}
	a.Sign(t)
}

// TestReleaseWarnings locks what apt warns of.
func TestReleaseWarnings(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	redate(t, a, "X-No-Date: yes")
	house.Replace(t, filepath.Join(a.Dir, "dists/stable/Release"), "Suite: stable", "Suite: oldstable")
	house.Replace(t, filepath.Join(a.Dir, "dists/stable/Release"), "Codename: stable", "Codename: former")
	a.Sign(t)
	dir := h.PackagesProject(t, a, "hello")
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	if status != 0 {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	house.Contains(t, out, "archive stable: its Release file has no Date", "its Release file is that of oldstable")
}

// TestPackageFaults builds by a lock when a package is gone, altered, or its server
// is: which one is said at the line that asks.
func TestPackageFaults(t *testing.T) {
	h := house.New(t)
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, a *testenv.DebArchive, file string)
		want  string
	}{
		{"gone", func(t *testing.T, _ *testenv.DebArchive, file string) {
			house.Remove(t, file)
		}, "any more; run \"strata lock --update\", or give a mirror that keeps it"},
		{"altered", func(t *testing.T, _ *testenv.DebArchive, file string) {
			house.Write(t, file, []byte("not this one"))
		}, "it is not what it should be: it has sha256:"},
		{"broken server", func(_ *testing.T, a *testenv.DebArchive, _ string) {
			a.Refuse(func(*http.Request) (int, string) { return http.StatusServiceUnavailable, "" })
		}, "answers with status 503"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := testenv.NewDebArchive(t, testenv.Deb{Name: "lone", Version: "1", Files: map[string]string{"usr/share/lone": tc.name}})
			dir := h.PackagesProject(t, a, "lone")
			h.MustLock(t, a, dir, "--platform=linux/amd64")
			tc.spoil(t, a, filepath.Join(a.Dir, "pool/main/lone/lone_1_all.deb"))
			out, err := h.Strata(house.Flags(dir, "--build-arg", "MIRROR="+a.URL, "--platform=linux/amd64")...)
			if err == nil {
				t.Errorf("it is not an error:\n%s", out)
			}
			house.Contains(t, out, "strata.yaml:5:15: ", "fetch lone 1", tc.want)
		})
	}
}
