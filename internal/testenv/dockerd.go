// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Docker is a running Docker Engine without images and without a network.
type Docker struct {
	// Host is the address for DOCKER_HOST.
	Host string
}

// Dockerd starts a Docker Engine. Containers in it run with --network none.
func Dockerd(t testing.TB) *Docker {
	t.Helper()
	dir := Dir(t)
	socket := filepath.Join(dir, "docker.sock")
	cmd := exec.Command(Program(t, "dockerd"),
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"-H", "unix://"+socket, "-p", filepath.Join(dir, "pid"),
		"--iptables=false", "--ip6tables=false", "--bridge=none")
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
	d := &Docker{Host: "unix://" + socket}
	if err := p.waitFor(func() error { return d.ready(t, socket) }); err != nil {
		t.Fatal(err)
	}
	return d
}

// ready reports whether the engine answers.
func (d *Docker) ready(t testing.TB, socket string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	_ = conn.Close()
	if out, err := d.command(t, "version").CombinedOutput(); err != nil {
		return fmt.Errorf("docker version: %w\n%s", err, out)
	}
	return nil
}

// Run runs docker against the engine and returns what it prints; it ends the
// test if docker fails.
func (d *Docker) Run(t testing.TB, args ...string) string {
	t.Helper()
	return strings.TrimSpace(output(t, d.command(t, args...)))
}

func (d *Docker) command(t testing.TB, args ...string) *exec.Cmd {
	cmd := exec.Command(Program(t, "docker"), args...)
	cmd.Env = append(cleanEnv(), "DOCKER_HOST="+d.Host)
	return cmd
}
