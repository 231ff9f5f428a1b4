// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// twoLayers is an image of two layers.
func twoLayers(t *testing.T, arch string) v1.Image {
	return testenv.Image(t, arch, v1.Config{Cmd: []string{"/greeting"}},
		[]testenv.Entry{{Path: "greeting", Data: []byte("hello " + arch + "\n")}},
		[]testenv.Entry{{Path: "etc/"}, {Path: "etc/motd", Data: []byte("welcome\n")}})
}

// options reach the registries of tests.
func options(t *testing.T) image.Options {
	t.Helper()
	client, err := registry.New(registry.Options{Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	return image.Options{Registries: client}
}

func open(t *testing.T, text string) *image.Source {
	t.Helper()
	n, err := image.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := image.Open(context.Background(), n, options(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestOpen opens one image in every place where skopeo put it.
func TestOpen(t *testing.T) {
	r := testenv.SharedRegistry(t)
	ref := r.Push(t, "open/app:1", twoLayers(t, "amd64"))
	dir := testenv.Dir(t)
	for _, to := range []string{"oci:" + dir + "/layout:v1", "oci-archive:" + dir + "/oci.tar:v1", "docker-archive:" + dir + "/docker.tar:app:v1"} {
		testenv.Output(t, "skopeo", "copy", "--quiet", "--insecure-policy", "--src-tls-verify=false", "docker://"+ref, to)
	}
	testenv.Output(t, "crane", "pull", "--insecure", ref, dir+"/crane.tar")
	if out, err := exec.Command("gzip", "-k", dir+"/docker.tar").CombinedOutput(); err != nil {
		t.Fatalf("gzip: %v\n%s", err, out)
	}
	for _, text := range []string{
		ref, "oci:" + dir + "/layout", "oci:" + dir + "/layout:v1", "oci-archive:" + dir + "/oci.tar:v1",
		"docker-archive:" + dir + "/docker.tar", "docker-archive:" + dir + "/docker.tar:app:v1",
		"docker-archive:" + dir + "/docker.tar.gz", "docker-archive:" + dir + "/crane.tar:@0",
	} {
		t.Run(text, func(t *testing.T) {
			img, err := open(t, text).Image(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate.Image(img, validate.Fast); err != nil {
				t.Error(err)
			}
			checkLayers(t, img)
		})
	}
}

// checkLayers reads the two layers, plain and compressed.
func checkLayers(t *testing.T, img v1.Image) {
	t.Helper()
	layers, err := img.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	for _, l := range layers {
		for _, c := range []struct {
			open func() (io.ReadCloser, error)
			want func() (v1.Hash, error)
		}{{l.Compressed, l.Digest}, {l.Uncompressed, l.DiffID}} {
			rc, err := c.open()
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := v1.SHA256(rc)
			rc.Close()
			if want, _ := c.want(); err != nil || got != want {
				t.Errorf("a layer has digest %s, %v; want %s", got, err, want)
			}
		}
	}
}

// TestPlatforms selects images of an index.
func TestPlatforms(t *testing.T) {
	r := testenv.SharedRegistry(t)
	ref := r.PushIndex(t, "open/multi:1", twoLayers(t, "amd64"), twoLayers(t, "arm64"))
	s := open(t, ref)
	index, err := s.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	img, err := s.Image(t.Context(), &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"})
	if err != nil {
		t.Fatal(err)
	}
	if config, err := img.ConfigFile(); err != nil || config.Architecture != "arm64" {
		t.Errorf("architecture %q, %v", config.Architecture, err)
	}
	if _, err := s.Image(t.Context(), &v1.Platform{OS: "linux", Architecture: "riscv64"}); !errors.Is(err, image.ErrNoPlatform) {
		t.Errorf("an image for riscv64: %v", err)
	}
}

// TestFlippedBit changes one bit of a layer.
func TestFlippedBit(t *testing.T) {
	r := testenv.SharedRegistry(t)
	r.Push(t, "open/flipped:1", twoLayers(t, "amd64"))
	l := testenv.PullLayout(t, r, "open/flipped:1")
	s := open(t, "oci:"+l.Dir)
	img, err := s.Image(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(l.Dir, "blobs", "sha256", m.Layers[1].Digest.Hex)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	rc, err := s.Blob(t.Context(), m.Layers[1])
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	if _, err := io.Copy(io.Discard, rc); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("reading a damaged layer: %v", err)
	}
}
