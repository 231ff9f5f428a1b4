// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// silent counts what was asked of the servers of a project, which an offline build
// doesn't ask for anything.
func (o *outside) silent(t *testing.T, h *house.House) {
	t.Helper()
	for _, asked := range h.Registry.Requests() {
		if asked.Method == http.MethodGet && strings.Contains(asked.Path, strings.ToLower(t.Name())) {
			t.Errorf("an offline build asks the registry: %s %s", asked.Method, asked.Path)
		}
	}
	if n := o.files.count(); n != 0 {
		t.Errorf("an offline build asks for the file %d times", n)
	}
	if asked := o.git.Requests(); len(asked) != 0 {
		t.Errorf("an offline build asks for the repository: %v", asked)
	}
}

// TestOffline builds from the cache what was built before, whatever its servers say by
// now, and refuses what it would have to fetch.
func TestOffline(t *testing.T) {
	h := house.New(t)
	dir, o := outsideProject(t, h)
	h.MustLock(t, house.Hello(t), dir)
	before := digests(t, h, dir)
	o.move(t, h)
	h.Registry.Reset()
	o.git.Reset()
	h.Each(t, func(t *testing.T, w house.Way) {
		name := "offline:" + w.Name
		out := w.Must(t, house.Flags(dir, "-o", h.Pushed(name), "--build-arg", "STRATA_OFFLINE=1")...)
		house.Want(t, "the digest of an offline build", h.Registry.Descriptor(t, name).Digest.String(), before[w.Name])
		if strings.Contains(out, "ERROR") {
			t.Errorf("a build from the cache prints an error:\n%s", out)
		}
	})
	o.silent(t, h)
}

// TestOfflineMissing names, at its line, each thing that a cache doesn't have.
func TestOfflineMissing(t *testing.T) {
	h := house.New(t)
	image := testenv.BusyboxImage(t, h.Registry, "never-pulled:1", testenv.BusyboxTweaks{Release: "never pulled\n"})
	digest := h.Registry.Descriptor(t, "never-pulled:1").Digest.String()
	git := testenv.GitServer(t, map[string]string{"never": "fetched\n"})
	base := h.Base + "@" + h.Registry.Descriptor(t, strings.TrimPrefix(h.Base, h.Registry.Host+"/")).Digest.String()
	h.ByStrata().Must(t, house.Flags(h.Project(t, "-- strata.yaml --\nfrom: "+base+"\nlayers: [{build: {run: \"true\", network: none}}]\n"), "-o", "type=cacheonly")...)
	const missing = " is not in the cache, and an offline build fetches nothing; build once without --offline"
	const unpinned = " is not pinned, and an offline build asks no one what it is today"
	sum := strings.Repeat("0123", 16)
	for name, tc := range map[string]struct{ file, want string }{
		"image":   {"from: " + image + "@" + digest + "\nlayers: [{files: [{dest: /a, content: a}]}]\n", "strata.yaml:2:7: look up " + image + "@" + digest + ": " + image + "@" + digest + missing},
		"tag":     {"from: " + image + "\nlayers: [{files: [{dest: /a, content: a}]}]\n", "strata.yaml:2:7: look up " + image + ": " + image + unpinned},
		"url":     {"layers:\n  - files:\n      - {dest: /a, url: \"http://127.0.0.1:9/a\", checksum: \"sha256:" + sum + "\"}\n", "strata.yaml:4:25: http://127.0.0.1:9/a" + missing},
		"no sum":  {"layers:\n  - files:\n      - {dest: /a, url: \"http://127.0.0.1:9/a\"}\n", "strata.yaml:4:25: http://127.0.0.1:9/a" + unpinned},
		"commit":  {"layers:\n  - files:\n      - {dest: /a, git: \"" + git.URL + "#" + git.Commit + "\"}\n", "strata.yaml:4:9: " + git.URL + "#" + git.Commit + missing},
		"branch":  {"layers:\n  - files:\n      - {dest: /a, git: \"" + git.URL + "#main\"}\n", "strata.yaml:4:9: " + git.URL + "#main" + unpinned},
		"command": {"from: " + base + "\nlayers:\n  - build: {run: \"echo " + t.Name() + " >/made\"}\n", "strata.yaml:4:5: this command is not in the cache, and it has a network"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\n"+tc.file)
			h.Each(t, func(t *testing.T, w house.Way) {
				out, err := w.Build(house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_OFFLINE=1")...)
				if err == nil {
					t.Error("something is built that is not in the cache")
				}
				house.Contains(t, out, tc.want)
			})
		})
	}
	for _, asked := range h.Registry.Requests() {
		if strings.Contains(asked.Path, "/never-pulled/") && asked.Method == http.MethodGet && strings.Contains(asked.Path, "/blobs/") {
			t.Errorf("an offline build fetches an image: %s", asked.Path)
		}
	}
	if asked := git.Requests(); len(asked) != 0 {
		t.Errorf("an offline build asks for a repository: %v", asked)
	}
}

// TestOfflineDockerfile takes the images of a Dockerfile from the cache, and refuses those
// that no one pinned.
func TestOfflineDockerfile(t *testing.T) {
	h := house.New(t)
	image := testenv.BusyboxImage(t, h.Registry, "offline-dockerfile:1", testenv.BusyboxTweaks{})
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: "dockerfile:Dockerfile"
layers: [{files: [{dest: /a, content: a}]}]
-- Dockerfile --
ARG TAG=1
FROM `+h.Registry.Host+`/offline-dockerfile:$TAG AS made
RUN echo made > /made
FROM made
COPY --from=made /made /again
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_OFFLINE=1")...)
		if err == nil {
			t.Error("a Dockerfile's image is looked up")
		}
		house.Contains(t, out, "strata.yaml:2:7: ", image+" is not pinned")
	})
	h.MustLock(t, house.Hello(t), dir)
	h.Each(t, func(t *testing.T, w house.Way) {
		w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
		h.Registry.Reset()
		w.Must(t, house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_OFFLINE=1")...)
		for _, asked := range h.Registry.Requests() {
			if strings.Contains(asked.Path, "/offline-dockerfile/") {
				t.Errorf("an offline build asks for a Dockerfile's image: %s %s", asked.Method, asked.Path)
			}
		}
	})
	house.Write(t, filepath.Join(dir, "Dockerfile"), []byte(strings.Replace(house.Read(t, dir, "Dockerfile"), "echo made", "echo remade", 1)))
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_OFFLINE=1")...)
		if err == nil {
			t.Error("a command with a network is run")
		}
		house.Contains(t, out, "Dockerfile:3", "this command is not in the cache, and it has a network")
	})
}

// TestLockDockerfileFrontend locks the image that a Dockerfile wants to be read by; builds
// take it by its digest, and offline ones from the cache.
func TestLockDockerfileFrontend(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: "dockerfile:Dockerfile"
layers: [{files: [{dest: /a, content: a}]}]
-- Dockerfile --
{syntax}
layers: [{files: [{dest: /from-dockerfile, content: a}]}]
`)
	house.Write(t, filepath.Join(dir, "strata.lock"), []byte("version: 2\n"))
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
		house.Contains(t, out, "strata.lock does not have the image "+h.Frontend)
		out, err := w.Build(house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_OFFLINE=1")...)
		if err == nil {
			t.Error("the image that a Dockerfile is read by is looked up")
		}
		house.Contains(t, out, "strata.yaml:2:7: ", h.Frontend+" is not pinned")
	})
	h.MustLock(t, house.Hello(t), dir)
	digest := h.Registry.Descriptor(t, strings.TrimPrefix(h.Frontend, h.Registry.Host+"/")).Digest.String()
	house.Contains(t, house.Read(t, dir, "strata.lock"), `  "`+h.Frontend+`": {digest: "`+digest+"\"}\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
		w.Must(t, house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_LOCKED=1", "--build-arg", "STRATA_OFFLINE=1")...)
	})
}

// TestLockOwnImage locks the image of the syntax line itself: a build that it isn't read by
// says so, or is refused. The command line, which needs no such image, says nothing.
func TestLockOwnImage(t *testing.T) {
	h := house.New(t)
	dir := h.OneLayer(t, "  - {files: [{dest: /a, content: a}]}\n")
	h.MustLock(t, house.Hello(t), dir)
	digest := h.Registry.Descriptor(t, strings.TrimPrefix(h.Frontend, h.Registry.Host+"/")).Digest.String()
	file := filepath.Join(dir, "strata.lock")
	text := house.Read(t, file)
	house.Contains(t, text, `  "`+h.Frontend+`": {digest: "`+digest+"\"}\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Must(t, house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_LOCKED=1")...)
		if strings.Contains(out, "UnlockedSource") {
			t.Errorf("a build by the locked frontend is warned of:\n%s", out)
		}
	})
	other := "sha256:" + strings.Repeat("ab", 32)
	house.Write(t, file, []byte(strings.Replace(text, digest, other, 1)))
	out, err := h.Docker(house.Flags(dir, "-o", "type=cacheonly")...)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	house.Contains(t, out, "UnlockedSource: strata.yaml:1:1: this build file is read by "+h.Frontend+" as "+digest+", and strata.lock has "+other)
	out, err = h.Docker(house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_LOCKED=1")...)
	if err == nil {
		t.Error("another frontend than the locked one builds")
	}
	house.Contains(t, out, "strata.yaml:1:1: the lock is not up to date: this build file is read by "+h.Frontend)
	h.ByStrata().Must(t, house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_LOCKED=1")...)
	if status, out := h.Lock(t, house.Hello(t), dir, "--check"); status != 3 || !strings.Contains(out, "image "+h.Frontend+": from "+other+" to "+digest) {
		t.Errorf("status %d, want 3\n%s", status, out)
	}
	house.Write(t, filepath.Join(dir, "strata.yaml"), []byte("# syntax=127.0.0.1:1/none:1\nlayers: [{files: [{dest: /a, content: a}]}]\n"))
	status, out := h.Lock(t, house.Hello(t), dir)
	if status != 0 || !strings.Contains(out, "the image of the syntax line is not locked: look up 127.0.0.1:1/none:1: ") {
		t.Errorf("status %d, want 0\n%s", status, out)
	}
}
