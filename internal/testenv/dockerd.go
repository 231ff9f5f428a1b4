// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
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

// Dockerd starts a Docker Engine with no images. It has no bridge, since that
// would change the machine's firewall: run containers with --network none or
// host. More flags of dockerd may be given.
func Dockerd(t testing.TB, flags ...string) *Docker {
	t.Helper()
	dir := Dir(t)
	d := &Docker{
		Host:       "unix://" + filepath.Join(dir, "docker.sock"),
		Containerd: filepath.Join(dir, "exec/containerd/containerd.sock"),
	}
	cmd := command(t, "dockerd", append([]string{
		"--host", d.Host,
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "--config-file", writeEmptyConfig(t, dir),
		"--iptables=false", "--ip6tables=false", "--bridge=none",
	}, flags...)...)
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

func writeEmptyConfig(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "daemon.json")
	if err := os.WriteFile(path, []byte("{}\n"), 0o644); err != nil {
		t.Fatalf("write daemon.json: %v", err)
	}
	return path
}
