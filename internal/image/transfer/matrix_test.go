// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// clientOptions reach the registries of tests, and no others.
func clientOptions(t testing.TB) transfer.Options {
	t.Helper()
	client, err := registry.New(registry.Options{Env: func(string) (string, bool) { return "", false }, Wait: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	return transfer.Options{Options: image.Options{Registries: client, Temp: testenv.Dir(t)}}
}

func parse(t testing.TB, text string) image.Name {
	t.Helper()
	n, err := image.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func copyImage(t testing.TB, src, dst string, o transfer.Options) v1.Descriptor {
	t.Helper()
	d, err := transfer.Copy(t.Context(), parse(t, src), parse(t, dst), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dockerCommand is a docker command that speaks to an engine.
func dockerCommand(t testing.TB, d *testenv.Docker) string {
	t.Helper()
	path := filepath.Join(testenv.Dir(t), "docker")
	script := fmt.Sprintf("#!/bin/sh\nDOCKER_HOST=%s exec %s \"$@\"\n", d.Host, testenv.Program(t, "docker"))
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// places are an image in every notation.
func places(dir, host, label string) map[string]string {
	return map[string]string{
		"registry":       host + "/" + label + "/app:v1",
		"oci":            "oci:" + filepath.Join(dir, label, "layout") + ":v1",
		"oci-archive":    "oci-archive:" + filepath.Join(dir, label+"-oci.tar") + ":v1",
		"docker-archive": "docker-archive:" + filepath.Join(dir, label+"-docker.tar") + ":" + label + ":v1",
		"docker-daemon":  "docker-daemon:" + label + ":v1",
	}
}

// TestMatrix copies an image from every kind of place to every kind of place, and
// has other programs look at what came out.
func TestMatrix(t *testing.T) {
	r := testenv.SharedRegistry(t)
	docker := testenv.Dockerd(t)
	dir := testenv.Dir(t)
	o := clientOptions(t)
	o.Docker = dockerCommand(t, docker)
	base := testenv.BusyboxImage(t, r, "matrix/base:1", testenv.BusyboxTweaks{Only: "amd64", Extra: []testenv.Entry{{Path: "greeting", Data: []byte("hello\n")}}})
	sources := places(dir, r.Host, "source")
	for _, to := range sources {
		copyImage(t, base, to, o)
	}
	want := r.Descriptor(t, "matrix/base:1").Digest
	var made v1.Hash
	for from, src := range sources {
		for to := range sources {
			t.Run(from+" to "+to, func(t *testing.T) {
				label := from + "-" + to
				dst := places(dir, r.Host, label)[to]
				got := copyImage(t, src, dst, o).Digest
				switch {
				case from != "docker-daemon":
					if got != want {
						t.Errorf("the digest is %s, want %s", got, want)
					}
				case to == "docker-archive" || to == "docker-daemon":
				case made.Hex == "":
					made = got
				case got != made:
					t.Errorf("what docker saved has the digest %s in one place and %s in another", made, got)
				}
				checkPlace(t, r, docker, to, dst, label, got)
			})
		}
	}
	t.Run("zstd to docker-daemon", func(t *testing.T) { // which this docker can't read
		fake := testenv.NewFakeRegistry(t, testenv.Quirks{})
		copyImage(t, layered(t, fake, "app:1", zstdLayer(t, ""), zstdLayer(t, "skip me")), "docker-daemon:zstd:v1", o)
		if out := docker.Run(t, "image", "inspect", "--format", "{{len .RootFS.Layers}}", "zstd:v1"); strings.TrimSpace(out) != "2" {
			t.Errorf("docker has %s layers", out)
		}
	})
}

// checkPlace has other programs read a copy.
func checkPlace(t *testing.T, r *testenv.Registry, docker *testenv.Docker, kind, dst, label string, want v1.Hash) {
	t.Helper()
	n := parse(t, dst)
	switch kind {
	case "registry":
		r.Validate(t, label+"/app:v1")
		sameRaw(t, "docker://"+dst, want)
	case "oci":
		sameRaw(t, dst, want)
		bundle := filepath.Join(testenv.Dir(t), "bundle")
		testenv.Output(t, "umoci", "unpack", "--image", strings.TrimPrefix(dst, "oci:"), bundle)
		data, err := os.ReadFile(filepath.Join(bundle, "rootfs", "greeting"))
		if err != nil || string(data) != "hello\n" {
			t.Errorf("umoci unpacks the greeting %q, %v", data, err)
		}
	case "oci-archive":
		sameRaw(t, dst, want)
	case "docker-archive":
		testenv.Output(t, "crane", "validate", "--tarball", n.Path)
		testenv.Output(t, "skopeo", "inspect", dst)
		docker.Run(t, "load", "--quiet", "-i", n.Path)
		if strings.HasPrefix(label, "registry") { // to run each would take long
			runGreeting(t, docker, label+":v1")
			loadByPodman(t, n.Path, label+":v1", want)
		}
	case "docker-daemon":
		if strings.HasPrefix(label, "oci-") || strings.HasPrefix(label, "docker-daemon") {
			runGreeting(t, docker, label+":v1")
		}
	}
}

// loadByPodman loads an archive into podman, and asks for it by its name.
func loadByPodman(t *testing.T, path, name string, want v1.Hash) {
	t.Helper()
	dir := testenv.Dir(t)
	podman := []string{"--root", dir + "/root", "--runroot", dir + "/run", "--storage-driver", "vfs"}
	testenv.Output(t, "podman", append(podman, "load", "--quiet", "--input", path)...)
	got := testenv.Output(t, "podman", append(podman, "image", "inspect", "--format", "{{.Digest}}", "docker.io/library/"+name)...)
	if strings.TrimSpace(got) != want.String() {
		t.Errorf("podman has the image with the digest %s, want %s", got, want)
	}
}

func runGreeting(t *testing.T, docker *testenv.Docker, name string) {
	t.Helper()
	if got := docker.Run(t, "run", "--rm", "--network", "none", name, "cat", "/greeting"); got != "hello\n" {
		t.Errorf("the container prints %q", got)
	}
}

// sameRaw compares the digest of what skopeo reads.
func sameRaw(t *testing.T, name string, want v1.Hash) {
	t.Helper()
	raw := testenv.Output(t, "skopeo", "inspect", "--raw", "--tls-verify=false", name)
	if got := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(raw))); got != want.String() {
		t.Errorf("skopeo reads a manifest with the digest %s, want %s", got, want)
	}
}

// multi is an index of two platforms, one of them with an attestation.
func multi(t *testing.T) v1.ImageIndex {
	t.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range []string{"amd64", "arm64"} {
		img := testenv.Image(t, arch, v1.Config{}, []testenv.Entry{{Path: "arch", Data: []byte(arch)}})
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		statement := unknown(t, testenv.Image(t, "unknown", v1.Config{}, []testenv.Entry{{Path: "statement of " + arch}}))
		index = mutate.AppendManifests(index,
			mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}},
			mutate.IndexAddendum{Add: statement, Descriptor: v1.Descriptor{
				Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
				Annotations: map[string]string{
					"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest.String(),
				},
			}})
	}
	return index
}

// unknown gives an image the system that attestations have.
func unknown(t *testing.T, img v1.Image) v1.Image {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS = "unknown"
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// TestIndexes copies an index through all places that keep one.
func TestIndexes(t *testing.T) {
	r := testenv.SharedRegistry(t)
	dir := testenv.Dir(t)
	o := clientOptions(t)
	start := r.PushImageIndex(t, "indexes/start:1", multi(t))
	want := r.Descriptor(t, "indexes/start:1").Digest
	ways := []string{
		start, "oci:" + dir + "/layout:1", r.Host + "/indexes/a:1", "oci-archive:" + dir + "/a.tar:1", "oci:" + dir + "/more:1",
		"oci-archive:" + dir + "/b.tar:1", r.Host + "/indexes/b:1",
	}
	for i, dst := range ways[1:] {
		if got := copyImage(t, ways[i], dst, o); got.Digest != want {
			t.Errorf("%s has the digest %s, want %s", dst, got.Digest, want)
		}
	}
	r.Validate(t, "indexes/b:1")
	sameRaw(t, "docker://"+r.Host+"/indexes/b:1", want)
	l := testenv.OpenLayout(t, dir+"/b.tar")
	if got := l.Digest(t, "arm64"); got == "" {
		t.Error("the archive has no image for arm64")
	}
	o.Platform = &v1.Platform{OS: "linux", Architecture: "arm64"}
	got := copyImage(t, ways[1], "docker-archive:"+dir+"/arm.tar:arm:1", o)
	if !got.MediaType.IsImage() || got.Digest.String() != l.Digest(t, "arm64") {
		t.Errorf("--platform gives %s %s", got.MediaType, got.Digest)
	}
}
