// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Docker is a running Docker Engine.
type Docker struct {
	// Host is the address for DOCKER_HOST.
	Host string
	// Containerd is the socket of the containerd that it started, and that is not the
	// system's.
	Containerd string
}

// Dockerd starts a Docker Engine of Debian's, with no images. It has no bridge, since
// that would change the machine's firewall: run containers with --network none or
// host. More flags of dockerd may be given.
func Dockerd(t testing.TB, flags ...string) *Docker {
	t.Helper()
	return startDocker(t, Program(t, "dockerd"), os.Environ(), "{}\n", flags)
}

// DockerStores are the stores for images that a Docker Engine of today may have: its
// containerd's, or the graph drivers that it had before.
func DockerStores() []string { return []string{"containerd", "overlay2"} }

// DockerdOfToday starts a Docker Engine of a release of today with one of the
// [DockerStores]. It loads, pulls, saves and creates, and starts no containers: that
// takes a newer runc than Debian's.
func DockerdOfToday(t testing.TB, store string) *Docker {
	t.Helper()
	return DockerdOf(t, dockerOfToday(t), store)
}

// DockerdOf is [DockerdOfToday] for the dockerd in a directory, which may be of another
// release. A containerd that isn't there is that of today.
func DockerdOf(t testing.TB, dir, store string) *Docker {
	t.Helper()
	program := filepath.Join(dir, "dockerd")
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("find Docker Engine: %v: run hack/install", err)
	}
	config, flags := `{"features": {"containerd-snapshotter": true}}`, []string(nil)
	if store != DockerStores()[0] {
		config, flags = `{"features": {"containerd-snapshotter": false}}`, []string{"--storage-driver", store}
	}
	path := strings.Join([]string{dir, dockerOfToday(t), os.Getenv("PATH")}, string(filepath.ListSeparator))
	return startDocker(t, program, append(os.Environ(), "PATH="+path), config, flags)
}

// dockerOfToday is apart from .cache/bin, as its programs have the names of Debian's.
func dockerOfToday(t testing.TB) string { return filepath.Join(Root(t), ".cache", "docker") }

func startDocker(t testing.TB, program string, env []string, config string, flags []string) *Docker {
	t.Helper()
	dir := Dir(t)
	d := &Docker{
		Host:       "unix://" + filepath.Join(dir, "docker.sock"),
		Containerd: filepath.Join(dir, "exec/containerd/containerd.sock"),
	}
	file := filepath.Join(dir, "daemon.json")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatalf("write daemon.json: %v", err)
	}
	cmd := exec.Command(program, append([]string{
		"--host", d.Host,
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "--config-file", file,
		"--iptables=false", "--ip6tables=false", "--bridge=none",
	}, flags...)...)
	cmd.Env = env
	p, err := startProcess(cmd, filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of dockerd:\n%s", p.tail())
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := p.waitFor(func() error { return d.Command(t, "version").Run() }); err != nil {
		t.Fatal(err)
	}
	return d
}

// Store is the one of the [DockerStores] that the engine has: releases before 24 pass over
// what asks for containerd's.
func (d *Docker) Store(t testing.TB) string {
	t.Helper()
	if strings.Contains(d.Run(t, "info", "--format", "{{.DriverStatus}}"), "io.containerd.snapshotter") {
		return DockerStores()[0]
	}
	return strings.TrimSpace(d.Run(t, "info", "--format", "{{.Driver}}"))
}

// Major is the first number of the engine's version.
func (d *Docker) Major(t testing.TB) int {
	t.Helper()
	version := d.Run(t, "version", "--format", "{{.Server.Version}}")
	first, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(first)
	if err != nil {
		t.Fatalf("read version of Docker Engine %q: %v", version, err)
	}
	return major
}

// File reads a file of an image, as a container that was not started has it.
func (d *Docker) File(t testing.TB, image, path string) string {
	t.Helper()
	id := strings.TrimSpace(d.Run(t, "create", "--network", "none", image, "x"))
	defer d.Run(t, "rm", id)
	root := filepath.Join(Dir(t), "root.tar")
	d.Run(t, "export", "--output", root, id)
	return Output(t, "tar", "--extract", "--to-stdout", "--file", root, path)
}

// Command returns a docker command for the engine that isn't started yet.
func (d *Docker) Command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+d.Host, "DOCKER_CONFIG="+filepath.Dir(d.Host[len("unix://"):]))
	return cmd
}

// Run runs docker against the engine and returns what it prints; it ends the
// test if docker fails.
func (d *Docker) Run(t testing.TB, args ...string) string {
	t.Helper()
	return output(t, d.Command(t, args...))
}
