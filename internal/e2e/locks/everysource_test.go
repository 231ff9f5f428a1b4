// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// everySource is a project that takes something from each kind of source, and what these
// are.
type everySource struct {
	*outside
	dir     string
	mounted string
	debs    *testenv.DebArchive
	// snapshot keeps what the archive may lose.
	snapshot *testenv.DebArchive
	cache    *testenv.Files
	closure  *testenv.MadeClosure
}

func newEverySource(t *testing.T, h *house.House) *everySource {
	t.Helper()
	e := &everySource{debs: house.Hello(t), snapshot: house.Hello(t), closure: testenv.MakeClosure(t, 2, -1, "")}
	e.dir, e.outside = outsideProject(t, h)
	name := strings.ToLower(t.Name())
	e.mounted = testenv.BusyboxImage(t, h.Registry, name+"-mounted:1", testenv.BusyboxTweaks{Release: "mounted 1\n"})
	e.cache = testenv.FileServer(t, e.closure.Cache)
	house.Write(t, filepath.Join(e.dir, "key.asc"), append(e.debs.Keyring, e.snapshot.Keyring...))
	house.Write(t, filepath.Join(e.dir, "strata.yaml"), []byte(`# syntax=`+h.Frontend+`
args: {MIRROR: null}
from: `+e.image+`
layers:
  - files:
      - {dest: /usr/bin/tool, url: "`+e.files.url+`", mode: 0755}
      - {dest: /src, git: "`+e.git.URL+`#main:lib"}
      - {dest: /etc/from-stage, from: "dockerfile:Dockerfile", source: /made}
      - {dest: /packages/, from: "target:packages", source: /usr}
  - build:
      run: mkdir -p $out/etc; cat /in/release > $out/etc/of-another
      mounts: [{target: /in, from: "`+e.mounted+`", source: /usr/lib}]
      network: none
  - derivation: {path: `+e.closure.Root+`, substituters: ["`+e.cache.URL+`"], trusted_public_keys: ["`+e.closure.Key+`"]}
config: {cmd: [sh]}
targets:
  packages:
    layers:
      - packages:
          names: [hello]
          repositories: [{type: deb, uri: $MIRROR, suites: [stable], components: [main], signed_by: key.asc}]
`))
	return e
}

// flags are those of every build of the project.
func (e *everySource) flags(more ...string) []string {
	return house.Flags(e.dir, append([]string{"--build-arg", "MIRROR=" + e.debs.URL + " " + e.snapshot.URL}, more...)...)
}

// embedded is "strata build" on its own engine.
func embedded(h *house.House) house.Way {
	return house.Way{Name: "embedded", Build: func(flags ...string) (string, error) {
		out, err := h.CLI.Command(append([]string{"build", "--progress=plain"}, flags...)...).CombinedOutput()
		return string(out), err
	}}
}

// digests builds by all doors, which have to give the same image, and returns its digest.
func (e *everySource) digest(t *testing.T, h *house.House, more ...string) string {
	t.Helper()
	var first string
	for _, w := range append(h.Ways(), embedded(h)) {
		of := h.Registry.Descriptor(t, w.Image(t, h, "", e.flags(more...)...)).Digest.String()
		if first != "" && of != first {
			t.Errorf("by %s: %s, and by others %s", w.Name, of, first)
		}
		first = of
	}
	return first
}

// moveAll lets everything be something else, but for what keeps things on purpose.
func (e *everySource) moveAll(t *testing.T, h *house.House) {
	t.Helper()
	e.move(t, h)
	testenv.BusyboxImage(t, h.Registry, strings.TrimPrefix(e.mounted, h.Registry.Host+"/"), testenv.BusyboxTweaks{Release: "mounted 2\n"})
	e.debs.Add(t, testenv.Deb{Name: "hello", Version: "1:3.0", Arch: "amd64"}, testenv.Deb{Name: "hello-data", Version: "3"})
	e.debs.Remove(t, "hello-data")
	e.reset(h)
}

func (e *everySource) reset(h *house.House) {
	h.Registry.Reset()
	for _, r := range []*testenv.Recorder{e.git.Recorder, e.debs.Recorder, e.snapshot.Recorder, e.cache.Recorder} {
		r.Reset()
	}
}

// askedOutside are the requests that the project's servers got, but for the registry's.
func (e *everySource) askedOutside() []string {
	var all []string
	for _, r := range []*testenv.Recorder{e.git.Recorder, e.debs.Recorder, e.snapshot.Recorder, e.cache.Recorder} {
		for _, asked := range r.Requests() {
			all = append(all, asked.Method+" "+asked.Path)
		}
	}
	return all
}

// TestEverySourceLocked builds by a lock when everything has moved: with what is cached no
// server is asked, and without a cache only for what the lock names.
func TestEverySourceLocked(t *testing.T) {
	h := house.New(t)
	e := newEverySource(t, h)
	e.lock(t, h)
	e.lockElsewhere(t, h)
	before := e.digest(t, h)
	e.moveAll(t, h)
	house.Want(t, "the digest after all moved", e.digest(t, h, "--build-arg", "STRATA_LOCKED=1"), before)
	if asked := e.askedOutside(); len(asked) != 0 || e.files.count() != 0 {
		t.Errorf("with everything cached, servers are asked %d times for a file, and for %q", e.files.count(), asked)
	}
	e.onlyDigests(t, h)

	// A file has no other server: what it was is there again.
	e.files.set("tool 1\n")
	e.reset(h)
	wiped := &house.House{Registry: h.Registry, Daemon: testenv.Buildkitd(t, testenv.DaemonOptions{}), CLI: testenv.Strata(t), Frontend: h.Frontend, Base: h.Base}
	wiped.Buildx = testenv.NewBuildx(t, wiped.Daemon)
	house.Want(t, "the digest without a cache", e.digest(t, wiped, "--build-arg", "STRATA_LOCKED=1"), before)
	e.onlyDigests(t, h)
	for _, asked := range e.askedOutside() {
		for _, index := range []string{"/dists/", ".narinfo", "nix-cache-info"} {
			if strings.Contains(asked, index) {
				t.Errorf("a locked build asks for an index: %s", asked)
			}
		}
	}
}

// lock writes the project's lock.
func (e *everySource) lock(t *testing.T, h *house.House) {
	t.Helper()
	h.MustLock(t, e.debs, e.dir, "--build-arg", "MIRROR="+e.debs.URL+" "+e.snapshot.URL)
}

// lockElsewhere locks the project by the other doors, from another directory and with an
// engine that knows nothing: each writes the same bytes.
func (e *everySource) lockElsewhere(t *testing.T, h *house.House) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "checkout")
	if err := os.CopyFS(dir, os.DirFS(e.dir)); err != nil {
		t.Fatal(err)
	}
	want := house.Read(t, dir, "strata.lock")
	house.Remove(t, filepath.Join(dir, "strata.lock"))
	mirror := "MIRROR=" + e.debs.URL + " " + e.snapshot.URL
	h.CLI.MustRun(t, "lock", "--build-arg", mirror, dir)
	house.Want(t, "the lock of the embedded engine", house.Read(t, dir, "strata.lock"), want)
	house.Remove(t, filepath.Join(dir, "strata.lock"))
	out := filepath.Join(t.TempDir(), "out")
	if text, err := h.Docker(house.Flags(dir, "--build-arg", mirror, "--target", "strata.lock", "-o", out)...); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	house.Want(t, "the lock by buildx", house.Read(t, out, "strata.lock"), want)
}

// onlyDigests checks that the registry was asked for nothing of the project by its tag.
func (e *everySource) onlyDigests(t *testing.T, h *house.House) {
	t.Helper()
	for _, asked := range h.Registry.Requests() {
		for _, image := range []string{e.image, e.mounted} {
			repository, _, _ := strings.Cut(strings.TrimPrefix(image, h.Registry.Host), ":")
			if asked.Path == "/v2"+repository+"/manifests/1" {
				t.Errorf("a locked build asks the registry: %s %s", asked.Method, asked.Path)
			}
		}
	}
}

// inNoNetwork is "strata build" in a network namespace where even the loopback is down, as
// is the engine that it starts.
func inNoNetwork(h *house.House) house.Way {
	return house.Way{Name: "no network", Build: func(flags ...string) (string, error) {
		cmd := h.CLI.Command(append([]string{"build", "--progress=plain"}, flags...)...)
		alone := exec.Command("unshare", append([]string{"--net", "--", cmd.Path}, cmd.Args[1:]...)...)
		alone.Env, alone.Dir = cmd.Env, cmd.Dir
		out, err := alone.CombinedOutput()
		return string(out), err
	}}
}

// TestOfflineWithoutNetwork builds from the embedded engine's cache where there is no
// network at all.
func TestOfflineWithoutNetwork(t *testing.T) {
	h := house.New(t)
	e := newEverySource(t, h)
	e.lock(t, h)
	out := filepath.Join(t.TempDir(), "image.tar")
	build := func(w house.Way, more ...string) string {
		w.Must(t, e.flags(append(more, "-o", "type=oci,dest="+out)...)...)
		return testenv.OpenLayout(t, out).Digest(t, "amd64")
	}
	before := build(embedded(h))
	h.CLI.Stop(t)
	house.Want(t, "the digest without a network", build(inNoNetwork(h), "--offline"), before)
	text, err := inNoNetwork(h).Build(e.flags("--offline", "--no-cache", "-o", "type=oci,dest="+out)...)
	if err == nil {
		t.Error("a build without a cache builds offline")
	}
	house.Contains(t, text, " is not in the cache, and ")
}

// TestOfflineMissingWithoutNetwork names, at its line, each kind of thing that an engine
// without a cache would have to fetch.
func TestOfflineMissingWithoutNetwork(t *testing.T) {
	h := house.New(t)
	debs := house.Hello(t)
	closure := testenv.MakeClosure(t, 1, -1, "")
	nars := testenv.FileServer(t, closure.Cache)
	git := testenv.GitServer(t, map[string]string{"a": "a\n"})
	image := h.Base + "@" + h.Registry.Descriptor(t, strings.TrimPrefix(h.Base, h.Registry.Host+"/")).Digest.String()
	derivation := "layers:\n  - derivation: {path: " + closure.Root + ", substituters: [\"" + nars.URL + "\"], trusted_public_keys: [\"" + closure.Key + "\"]}\n"
	packages := h.PackagesProject(t, debs, "other")
	const missing = " is not in the cache, and an offline build fetches nothing"
	const unpinned = " is not pinned, and an offline build asks no one what it is today"
	for name, tc := range map[string]struct {
		file   string
		locked bool
		want   []string
	}{
		"image":   {file: "from: " + image + "\nlayers: [{files: [{dest: /a, content: a}]}]\n", want: []string{"strata.yaml:1:7: look up " + image + ": " + image + missing}},
		"url":     {file: "layers: [{files: [{dest: /a, url: \"" + nars.URL + "/nix-cache-info\"}]}]\n", locked: true, want: []string{"strata.yaml:1:35: " + nars.URL + "/nix-cache-info" + missing}},
		"git":     {file: "layers: [{files: [{dest: /a, git: \"" + git.URL + "#main\"}]}]\n", locked: true, want: []string{"strata.yaml:1:19: ", git.URL + "#", missing}},
		"package": {file: house.Read(t, packages, "strata.yaml"), locked: true, want: []string{"strata.yaml:5:15: fetch other", debs.URL + "/pool/main/other", missing}},
		"index":   {file: house.Read(t, packages, "strata.yaml"), want: []string{"strata.yaml:", debs.URL + "/dists/stable/InRelease" + unpinned}},
		"NAR":     {file: derivation, locked: true, want: []string{"strata.yaml:2:5: ", nars.URL + "/nar/", missing}},
		"narinfo": {file: derivation, want: []string{"strata.yaml:2:", nars.URL + "/", unpinned}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(tc.file))
			house.Write(t, filepath.Join(dir, "key.asc"), debs.Keyring)
			if tc.locked {
				h.MustLock(t, debs, dir)
			}
			out, err := inNoNetwork(h).Build(house.Flags(dir, "--build-arg", "MIRROR="+debs.URL, "-o", "type=cacheonly", "--offline")...)
			if err == nil {
				t.Error("an engine without a cache builds offline")
			}
			house.Contains(t, out, tc.want...)
		})
	}
}
