// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// greetingImage is an image with a file to look for.
func greetingImage(t *testing.T, arch string) v1.Image {
	t.Helper()
	return testenv.Image(t, arch, v1.Config{}, []testenv.Entry{{Path: "bin/"}, {Path: "bin/" + arch}}, []testenv.Entry{{Path: "greeting", Data: []byte("hello\n")}})
}

// TestDockerOfToday copies images to and from a Docker Engine of today, with each of
// its stores.
func TestDockerOfToday(t *testing.T) {
	r := testenv.SharedRegistry(t)
	for _, store := range testenv.DockerStores() {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			docker := testenv.DockerdOfToday(t, store)
			o := clientOptions(t)
			o.Docker = dockerCommand(t, docker)
			start := r.Push(t, "today/"+store+":1", greetingImage(t, "amd64"))
			t.Run("load", func(t *testing.T) { loadIntoDocker(t, docker, start, o) })
			t.Run("save", func(t *testing.T) { saveFromDocker(t, r, docker, store, start, o) })
			t.Run("platforms", func(t *testing.T) { platformsOfDocker(t, r, docker, store, o) })
		})
	}
}

// loadIntoDocker gives docker an image from each kind of place, and by docker load.
func loadIntoDocker(t *testing.T, docker *testenv.Docker, start string, o transfer.Options) {
	dir := testenv.Dir(t)
	fake := testenv.NewFakeRegistry(t, testenv.Quirks{})
	sources := map[string]string{
		"registry": start, "layout": "oci:" + dir + "/layout:1", "archive": "oci-archive:" + dir + "/oci.tar:1", "docker": "docker-archive:" + dir + "/docker.tar:archived:1",
		"zstd": layered(t, fake, "app:1", zstdLayer(t, "skip me"), zstdLayer(t, "")),
	}
	for name, src := range sources {
		if name != "registry" && name != "zstd" {
			copyImage(t, start, src, o)
		}
		copyImage(t, src, "docker-daemon:loaded:"+name, o)
		if got := docker.File(t, "loaded:"+name, "greeting"); got != "hello\n" {
			t.Errorf("from the %s comes %q", name, got)
		}
	}
	docker.Run(t, "load", "--quiet", "--input", dir+"/docker.tar")
	if got := docker.File(t, "archived:1", "greeting"); got != "hello\n" {
		t.Errorf("docker load makes %q of an archive", got)
	}
}

// saveFromDocker reads what docker saves: the image with the digest that it had, or one
// of its own that does not depend on where it goes.
func saveFromDocker(t *testing.T, r *testenv.Registry, docker *testenv.Docker, store, start string, o transfer.Options) {
	dir := testenv.Dir(t)
	want := copyImage(t, start, "docker-daemon:saved:1", o).Digest
	docker.Run(t, "save", "--output", dir+"/saved.tar", "saved:1")
	id := strings.TrimSpace(docker.Run(t, "image", "inspect", "--format", "{{.Id}}", "saved:1"))
	var made v1.Hash
	for from, src := range map[string]string{"daemon": "docker-daemon:saved:1", "id": "docker-daemon:" + id, "file": "docker-archive:" + dir + "/saved.tar:saved:1"} {
		for kind, dst := range places(dir, r.Host, "today-"+store+"-"+from) {
			got := copyImage(t, src, dst, o).Digest
			switch {
			case store == "containerd":
				made = want
			case kind == "docker-archive" || kind == "docker-daemon":
				made = got // the layers stay plain
			case kind == "registry":
				made = copyImage(t, dst, "oci-archive:"+filepath.Join(dir, "again.tar"), o).Digest
			default:
				made = copyImage(t, src, "oci:"+filepath.Join(dir, "again"), o).Digest
			}
			if got != made {
				t.Errorf("what docker saved (%s) has the digest %s in the %s, want %s", from, got, kind, made)
			}
			checkSaved(t, r, docker, kind, dst, got)
		}
	}
}

// checkSaved has other programs look at what docker saved.
func checkSaved(t *testing.T, r *testenv.Registry, docker *testenv.Docker, kind, dst string, want v1.Hash) {
	t.Helper()
	switch kind {
	case "registry":
		r.Validate(t, strings.TrimPrefix(dst, r.Host+"/"))
		docker.Run(t, "pull", "--quiet", dst)
		if got := docker.File(t, dst, "greeting"); got != "hello\n" {
			t.Errorf("docker pulls %q", got)
		}
	case "oci", "oci-archive":
		sameRaw(t, dst, want)
	case "docker-archive":
		testenv.Output(t, "crane", "validate", "--tarball", parse(t, dst).Path)
	case "docker-daemon":
		if got := docker.File(t, strings.TrimPrefix(dst, "docker-daemon:"), "greeting"); got != "hello\n" {
			t.Errorf("docker loads %q", got)
		}
	}
}

// platformsOfDocker has docker pull an index, of which it has one platform then, and
// with containerd's store load another one.
func platformsOfDocker(t *testing.T, r *testenv.Registry, docker *testenv.Docker, store string, o transfer.Options) {
	dir := testenv.Dir(t)
	amd, arm := greetingImage(t, "amd64"), greetingImage(t, "arm64")
	ref := r.PushIndex(t, "today/"+store+"-index:1", amd, arm)
	docker.Run(t, "pull", "--quiet", ref)
	docker.Run(t, "save", "--output", dir+"/saved.tar", ref)
	root := filepath.Join(dir, "layout")
	kinds := []string{"docker-archive:" + dir + "/saved.tar", "docker-daemon:" + ref}
	if store == "containerd" {
		kinds = append(kinds, "oci-archive:"+dir+"/saved.tar")
	}
	for _, src := range kinds {
		one := o
		one.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
		got := copyImage(t, src, "oci:"+root, one).Digest
		if want, _ := amd.Digest(); store == "containerd" && got != want {
			t.Errorf("%s gives %s, want %s", src, got, want)
		}
		one.Platform = &v1.Platform{OS: "linux", Architecture: "arm64"}
		_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, "oci:"+root), one)
		if err == nil {
			t.Errorf("%s has the image for arm64, which was not pulled", src)
		}
	}
	if store != "containerd" {
		return
	}
	docker.Run(t, "pull", "--quiet", "--platform", "linux/arm64", ref)
	one := o
	one.Platform = &v1.Platform{OS: "linux", Architecture: "arm64"}
	if want, _ := arm.Digest(); copyImage(t, "docker-daemon:"+ref, "oci:"+root, one).Digest != want {
		t.Error("docker has the image for arm64, and gives another one")
	}
	if want, _ := amd.Digest(); copyImage(t, "docker-daemon:"+ref, "oci:"+root, o).Digest != want {
		t.Error("without a platform docker gives another image than this machine's")
	}
}

// TestDockerIsDown copies to and from a docker that can't reach its engine: its own
// words are the error.
func TestDockerIsDown(t *testing.T) {
	o := clientOptions(t)
	o.Docker = filepath.Join(testenv.Dir(t), "docker")
	program := "#!/bin/sh\nDOCKER_HOST=unix:///nowhere.sock exec " + testenv.Program(t, "docker") + " \"$@\"\n"
	late := "#!/bin/sh\nhead --bytes=100000 >/dev/null\necho 'a line' >&2\necho 'its disk is full: /nowhere.sock' >&2\nexit 1\n"
	dir := testenv.Dir(t)
	fake := testenv.NewFakeRegistry(t, testenv.Quirks{})
	for name, img := range map[string]v1.Image{"large": bigImage(t), "small": sixLayers(t)} {
		copyImage(t, fake.Add(t, name+":1", img), "oci:"+dir+"/"+name, o)
	}
	for name, c := range map[string]struct{ docker, src, dst string }{
		"a small image":        {program, "oci:" + dir + "/small", "docker-daemon:app:1"},
		"a large image":        {program, "oci:" + dir + "/large", "docker-daemon:app:1"},
		"a large image, later": {late, "oci:" + dir + "/large", "docker-daemon:app:1"},
		"from docker":          {program, "docker-daemon:app:1", "oci:" + dir + "/new"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(o.Docker, []byte(c.docker), 0o755); err != nil {
				t.Fatal(err)
			}
			_, err := transfer.Copy(t.Context(), parse(t, c.src), parse(t, c.dst), o)
			if err == nil || !strings.Contains(err.Error(), "/nowhere.sock") || strings.Contains(err.Error(), "broken pipe") {
				t.Errorf("%v; want docker's own words", err)
			}
		})
	}
}
