// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestLock writes a lock, keeps it, and renews it.
func TestLock(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	dir := h.PackagesProject(t, a, "hello")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	file := filepath.Join(dir, "strata.lock")
	first := house.Read(t, file)
	house.Contains(t, first, "\n        - {name: hello, version: \"1:2.0-1\", arch: amd64, repository: stable, path: pool/main/hello/hello_2.0-1_amd64.deb, size: ",
		"\n        - {name: hello-data, version: \"2.0\", arch: all, ", "        - [hello]\n", "distribution: example-1.0", "linux/amd64:")
	if _, mirror, _ := strings.Cut(a.URL, "://"); strings.Contains(first, mirror) {
		t.Errorf("the lock names the mirror, which the build file gives:\n%s", first)
	}

	out := filepath.Join(t.TempDir(), "out")
	if text, err := h.Docker(house.Flags(dir, "--build-arg", "MIRROR="+a.URL, "--platform=linux/amd64", "--target", "strata.lock", "-o", out)...); err != nil {
		t.Fatalf("buildx: %v\n%s", err, text)
	}
	house.Want(t, "the lock by buildx", house.Read(t, out, "strata.lock"), first)

	a.Add(t, testenv.Deb{Name: "hello-data", Version: "2.1", Files: map[string]string{"usr/share/hello/text": "hello again\n"}})
	h.MustLock(t, a, dir)
	house.Want(t, "the lock that is still good", house.Read(t, file), first)
	house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(strings.Replace(house.Read(t, dir, "strata.yaml"), "[hello]", "[hello, other]", 1)))
	status, text := h.Lock(t, a, dir, "--check")
	if status != 3 {
		t.Errorf("strata lock --check: exit status %d, want 3", status)
	}
	house.Contains(t, text, "strata.lock does not have other in this layer", "strata.yaml:5:22", `run "strata lock"`)
	h.MustLock(t, a, dir)
	house.Contains(t, house.Read(t, file), "name: other", `name: hello-data, version: "2.0"`)
	h.MustLock(t, a, dir, "--update", "other")
	house.Contains(t, house.Read(t, file), `name: hello-data, version: "2.0"`)
	h.MustLock(t, a, dir, "--update", "hello-data")
	house.Contains(t, house.Read(t, file), `name: hello-data, version: "2.1"`)
	before := house.Read(t, file)
	status, text = h.Lock(t, a, dir, "--update", "packages", "helo-data")
	house.Want(t, "exit status with a name that isn't there", fmt.Sprint(status), "1")
	house.Contains(t, text, `update "helo-data": strata.lock has no package, image, url, git address or store path of that name; did you mean "hello-data"?`)
	house.Want(t, "the lock after that", house.Read(t, file), before)
	if status, text := h.Lock(t, a, dir, "--check"); status != 0 {
		t.Errorf("strata lock --check: exit status %d, want 0:\n%s", status, text)
	}
	a.Add(t, testenv.Deb{Name: "hello", Version: "1:2.0-1", Arch: "arm64"})
	h.MustLock(t, a, dir, "--platform=linux/arm64", "--update")
	house.Contains(t, house.Read(t, file), "linux/amd64:", "linux/arm64:")

	house.Write(t, file, []byte("<<<<<<< ours\nversion: 2\n=======\nversion: 2\n>>>>>>> theirs\n"))
	status, text = h.Lock(t, a, dir, "--update", "hello")
	house.Want(t, "exit status with a lock that is none and a name", fmt.Sprint(status), "1")
	house.Contains(t, text, `write it again with "strata lock"`)
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	house.Contains(t, house.Read(t, file), `name: hello-data, version: "2.1"`)
}

// TestPackagesOnScratch builds with a lock and without one, from two mirrors: one
// digest. What the mirror has lost comes from the second one.
func TestPackagesOnScratch(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	dir := h.PackagesProject(t, a, "hello, other")
	build := func(mirror string, more ...string) (digest, progress string) {
		out := filepath.Join(t.TempDir(), "out")
		text, err := h.Strata(house.Flags(dir, append(more, "--build-arg", "MIRROR="+mirror, "-o", "type=oci,tar=false,dest="+out)...)...)
		if err != nil {
			t.Fatalf("strata build: %v\n%s", err, text)
		}
		return testenv.OpenLayout(t, out).Digest(t, runtime.GOARCH), text
	}
	unlocked, text := build(a.URL)
	house.Contains(t, text, "packages are not locked")
	h.MustLock(t, a, dir)
	locked, text := build(a.URL)
	house.Want(t, "the digest with a lock", locked, unlocked)
	if strings.Contains(text, "not locked") || strings.Contains(text, "InRelease") {
		t.Errorf("a build with a lock resolves:\n%s", text)
	}
	mirror := house.Hello(t)
	a.Remove(t, "other")
	a.Reset()
	again, _ := build(a.URL+" "+mirror.URL, "--no-cache")
	house.Want(t, "the digest from the second mirror", again, locked)
}
