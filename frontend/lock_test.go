// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// hello is an archive with a package that needs another one.
func hello(t *testing.T) *testenv.DebArchive {
	return testenv.NewDebArchive(t,
		testenv.Deb{
			Name: "hello", Version: "1:2.0-1", Arch: "amd64", Fields: map[string]string{"Depends": "hello-data (>= 2)"},
			Files: map[string]string{"usr/bin/hello": "#!/bin/sh\ncat /usr/share/hello/text\n"},
		},
		testenv.Deb{Name: "hello-data", Version: "2.0", Files: map[string]string{"usr/share/hello/text": "hello\n"}},
		testenv.Deb{Name: "other", Version: "3", Files: map[string]string{"usr/share/other": "other\n"}},
	)
}

// packagesProject is a project on scratch whose packages come from an archive.
func (h *house) packagesProject(t *testing.T, a *testenv.DebArchive, names string) string {
	t.Helper()
	dir := h.project(t, `
-- strata.yaml --
{syntax}
args: {MIRROR: null}
layers:
  - packages:
      names: [`+names+`]
      repositories:
        - {type: deb, uri: $MIRROR, suites: [stable], components: [main], signed_by: key.asc}
`)
	write(t, filepath.Join(dir, "key.asc"), a.Keyring)
	return dir
}

// lock runs "strata lock" on the shared daemon and returns its status.
func (h *house) lock(t *testing.T, a *testenv.DebArchive, dir string, more ...string) (int, string) {
	t.Helper()
	cmd := h.cli.Command(append([]string{"lock", "--progress=plain", "--build-arg", "MIRROR=" + a.URL, dir}, more...)...)
	cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.daemon.Addr)
	out, err := cmd.CombinedOutput()
	if _, ok := err.(*exec.ExitError); err != nil && !ok { //nolint:errorlint // it is not wrapped
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (h *house) mustLock(t *testing.T, a *testenv.DebArchive, dir string, more ...string) {
	t.Helper()
	if status, out := h.lock(t, a, dir, more...); status != 0 {
		t.Fatalf("strata lock: exit status %d\n%s", status, out)
	}
}

// TestLock writes a lock, keeps it, and renews it.
func TestLock(t *testing.T) {
	h := newHouse(t)
	a := hello(t)
	dir := h.packagesProject(t, a, "hello")
	h.mustLock(t, a, dir, "--platform=linux/amd64")
	file := filepath.Join(dir, "strata.lock")
	first := read(t, file)
	contains(t, first, "\n        - {name: hello, version: \"1:2.0-1\", arch: amd64, repository: stable, path: pool/main/hello/hello_2.0-1_amd64.deb, size: ",
		"\n        - {name: hello-data, version: \"2.0\", arch: all, ", "        - [hello]\n", "distribution: example-1.0", "linux/amd64:")
	if strings.Contains(first, "127.0.0.1") {
		t.Errorf("the lock names the mirror, which the build file gives:\n%s", first)
	}

	out := filepath.Join(t.TempDir(), "out")
	if text, err := h.docker(flags(dir, "--build-arg", "MIRROR="+a.URL, "--platform=linux/amd64", "--target", "strata.lock", "-o", out)...); err != nil {
		t.Fatalf("buildx: %v\n%s", err, text)
	}
	want(t, "the lock by buildx", read(t, out, "strata.lock"), first)

	a.Add(t, testenv.Deb{Name: "hello-data", Version: "2.1", Files: map[string]string{"usr/share/hello/text": "hello again\n"}})
	h.mustLock(t, a, dir)
	want(t, "the lock that is still good", read(t, file), first)
	write(t, filepath.Join(dir, "strata.yaml"), []byte(strings.Replace(read(t, dir, "strata.yaml"), "[hello]", "[hello, other]", 1)))
	status, text := h.lock(t, a, dir, "--check")
	if status != 3 {
		t.Errorf("strata lock --check: exit status %d, want 3", status)
	}
	contains(t, text, "strata.lock does not have other in this layer", "strata.yaml:5:22", `run "strata lock"`)
	h.mustLock(t, a, dir)
	contains(t, read(t, file), "name: other", `name: hello-data, version: "2.0"`)
	h.mustLock(t, a, dir, "--update", "other")
	contains(t, read(t, file), `name: hello-data, version: "2.0"`)
	h.mustLock(t, a, dir, "--update", "hello-data")
	contains(t, read(t, file), `name: hello-data, version: "2.1"`)
	if status, text := h.lock(t, a, dir, "--check"); status != 0 {
		t.Errorf("strata lock --check: exit status %d, want 0:\n%s", status, text)
	}
	a.Add(t, testenv.Deb{Name: "hello", Version: "1:2.0-1", Arch: "arm64"})
	h.mustLock(t, a, dir, "--platform=linux/arm64", "--update")
	contains(t, read(t, file), "linux/amd64:", "linux/arm64:")
}

// TestPackagesOnScratch builds with a lock and without one, from two mirrors: one
// digest. What the mirror has lost comes from the second one.
func TestPackagesOnScratch(t *testing.T) {
	h := newHouse(t)
	a := hello(t)
	dir := h.packagesProject(t, a, "hello, other")
	build := func(mirror string, more ...string) (digest, progress string) {
		out := filepath.Join(t.TempDir(), "out")
		text, err := h.strata(flags(dir, append(more, "--build-arg", "MIRROR="+mirror, "-o", "type=oci,tar=false,dest="+out)...)...)
		if err != nil {
			t.Fatalf("strata build: %v\n%s", err, text)
		}
		return testenv.OpenLayout(t, out).Digest(t, runtime.GOARCH), text
	}
	unlocked, text := build(a.URL)
	contains(t, text, "packages are not locked")
	h.mustLock(t, a, dir)
	locked, text := build(a.URL)
	want(t, "the digest with a lock", locked, unlocked)
	if strings.Contains(text, "not locked") || strings.Contains(text, "InRelease") {
		t.Errorf("a build with a lock resolves:\n%s", text)
	}
	mirror := hello(t)
	a.Remove(t, "other")
	a.Reset()
	again, _ := build(a.URL+" "+mirror.URL, "--no-cache")
	want(t, "the digest from the second mirror", again, locked)
}
