// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestDocker gives images to a Docker Engine, as a tar and by --load, and runs
// them.
func TestDocker(t *testing.T) {
	h := newHouse(t)
	docker := testenv.Dockerd(t)
	dir := directory(t, map[string]string{"strata.yaml": application, "settings": "loud\n"})
	run := func(t *testing.T, image string) {
		t.Helper()
		if got, want := docker.Run(t, "run", "--rm", "--network", "none", image), "the application runs\n"; got != want {
			t.Errorf("the container prints %q, want %q", got, want)
		}
		got := docker.Run(t, "run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", "id -un; pwd; cat /etc/app/settings")
		if want := "app\n/srv/app\nloud\n"; got != want {
			t.Errorf("the container prints %q, want %q", got, want)
		}
	}
	t.Run("tar", func(t *testing.T) {
		tar := filepath.Join(t.TempDir(), "docker.tar")
		h.mustBuild(t, "--progress=quiet", "-t", "app:tar", "-o", "type=docker,dest="+tar, dir)
		docker.Run(t, "load", "-i", tar)
		run(t, "app:tar")
	})
	t.Run("containerd", func(t *testing.T) {
		tar := filepath.Join(t.TempDir(), "oci.tar")
		h.mustBuild(t, "--progress=quiet", "-t", "example.org/app:1", "-o", "type=oci,dest="+tar, dir)
		ctr := []string{"--address", docker.Containerd, "--namespace", "strata", "images"}
		testenv.Output(t, "ctr", append(ctr, "import", tar)...)
		listed := testenv.Output(t, "ctr", append(ctr, "ls")...)
		if want := testenv.OpenLayout(t, tar).Digest(t, "amd64"); !strings.Contains(listed, "example.org/app:1") || !strings.Contains(listed, want) {
			t.Errorf("containerd lists\n%s\nwant %s", listed, want)
		}
	})
	for name, output := range map[string]string{"oci directory": "type=oci,tar=false,docker=true", "docker directory": "type=docker,tar=false"} {
		t.Run(name, func(t *testing.T) {
			layout := filepath.Join(t.TempDir(), "layout")
			tag := "app:" + strings.ReplaceAll(name, " ", "-")
			h.mustBuild(t, "--progress=quiet", "-t", tag, "-o", output+",dest="+layout, dir)
			loadDirectory(t, docker, layout)
			run(t, tag)
			testenv.Output(t, "skopeo", "inspect", "oci:"+layout)
		})
	}
	t.Run("load", func(t *testing.T) {
		h.cli.Env = append(h.cli.Env, "DOCKER_HOST="+docker.Host)
		got := h.mustBuild(t, "--load", "--progress=plain", "-t", "app:loaded", "--iidfile", filepath.Join(t.TempDir(), "id"), dir)
		if !strings.Contains(got.Stderr, "Loaded image: app:loaded") {
			t.Errorf("nothing says that the image was loaded:\n%s", got.Stderr)
		}
		run(t, "app:loaded")
	})
	t.Run("load from the embedded engine", func(t *testing.T) {
		h.cli.MustRun(t, "build", "--build-arg", "BASE="+h.base, "--load", "--progress=quiet", "-t", "app:embedded", dir)
		run(t, "app:embedded")
		if a, b := docker.Run(t, "inspect", "-f", "{{.Id}}", "app:embedded"), docker.Run(t, "inspect", "-f", "{{.Id}}", "app:tar"); a != b {
			t.Errorf("the embedded engine's image is %s, the daemon's %s", a, b)
		}
	})
}

// loadDirectory gives docker a directory in a tar.
func loadDirectory(t *testing.T, docker *testenv.Docker, dir string) {
	t.Helper()
	load := docker.Command(t, "load")
	tar := exec.Command("tar", "-C", dir, "-c", ".")
	var err error
	if load.Stdin, err = tar.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := tar.Start(); err != nil {
		t.Fatal(err)
	}
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("docker load: %v\n%s", err, out)
	}
	if err := tar.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestDockerOfToday gives images to a Docker Engine of today, with each of its stores.
func TestDockerOfToday(t *testing.T) {
	h := newHouse(t)
	dir := directory(t, map[string]string{"strata.yaml": application, "settings": "loud\n"})
	out := t.TempDir()
	h.mustBuild(t, "--progress=quiet", "-o", "type=docker,name=app:tar,dest="+out+"/docker.tar",
		"-o", "type=oci,name=example.org/app:oci,dest="+out+"/oci.tar", "-o", "type=oci,tar=false,docker=true,name=app:directory,dest="+out+"/oci", dir)
	for _, store := range testenv.DockerStores() {
		t.Run(store, func(t *testing.T) {
			docker := testenv.DockerdOfToday(t, store)
			docker.Run(t, "load", "-i", out+"/docker.tar")
			loadDirectory(t, docker, out+"/oci")
			images := []string{"app:tar", "app:directory", "app:loaded"}
			if store == "containerd" { // the others know no archive without docker's list of images
				docker.Run(t, "load", "-i", out+"/oci.tar")
				images = append(images, "example.org/app:oci")
			}
			loading := *h.cli
			loading.Env = append(slices.Clone(h.cli.Env), "DOCKER_HOST="+docker.Host)
			got := loading.MustRun(t, h.args("--load", "--progress=plain", "-t", "app:loaded", dir)...)
			if !strings.Contains(got.Stderr, "Loaded image: app:loaded") {
				t.Errorf("nothing says that the image was loaded:\n%s", got.Stderr)
			}
			for _, image := range images {
				if got := docker.File(t, image, "etc/app/settings"); got != "loud\n" {
					t.Errorf("%s has %q", image, got)
				}
			}
			if a, b := docker.Run(t, "inspect", "-f", "{{.Id}}", "app:loaded"), docker.Run(t, "inspect", "-f", "{{.Id}}", "app:tar"); a != b {
				t.Errorf("what is loaded is %s, what is in the archive %s", a, b)
			}
		})
	}
}

// TestDockerTakesOnePlatform asks for a Docker tar of two platforms. The command
// line refuses before it looks for anything else: there is no daemon.
func TestDockerTakesOnePlatform(t *testing.T) {
	cli := testenv.Strata(t)
	dir := directory(t, map[string]string{"strata.yaml": helloFile})
	for _, output := range [][]string{{"--load"}, {"-o", "type=docker,dest=" + filepath.Join(dir, "out.tar")}} {
		got := cli.Run(t, append(append([]string{"build"}, output...), "--platform=linux/amd64,linux/arm64", "--addr", "unix:///nowhere.sock", dir)...)
		if got.Code != 2 || !strings.Contains(got.Stderr, "one platform") {
			t.Errorf("exit status %d, want 2 and a word about platforms:\n%s", got.Code, got.Stderr)
		}
		if _, err := os.Stat(filepath.Join(dir, "out.tar")); err == nil {
			t.Error("there is an archive")
		}
	}
}
