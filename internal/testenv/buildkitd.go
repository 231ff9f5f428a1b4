// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
)

// DaemonOptions says how buildkitd is to run. The zero value is the daemon a
// user would have: the OCI worker on overlayfs.
type DaemonOptions struct {
	// Snapshotter is overlayfs when empty, or native.
	Snapshotter string
	// Config is added to buildkitd.toml. It must not repeat the tables grpc,
	// otel, cdi and worker.
	Config string
	// Env is added to the daemon's environment, as KEY=value.
	Env []string
	// Program is a buildkitd of another release; that of go.mod when empty.
	Program string
}

// Daemon is a running buildkitd.
type Daemon struct {
	// Addr is the address for --addr and BUILDKIT_HOST.
	Addr string
	// Root is the directory of the daemon's state.
	Root string

	dir     string
	program string
	env     []string
	process *process
}

// Buildkitd starts a buildkitd with an empty cache.
//
// It has no network of its own: commands see the host's, as they do wherever
// buildkitd finds no CNI plugins. Registries on 127.0.0.1 are reached by http, and
// nothing is ever collected as garbage.
func Buildkitd(t testing.TB, options DaemonOptions) *Daemon {
	t.Helper()
	d, err := startDaemon(Dir(t), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of buildkitd:\n%s", d.process.tail())
		}
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Shared returns the buildkitd that the tests of this package share. Its cache
// holds whatever the tests before this one built.
func Shared(t testing.TB) *Daemon {
	t.Helper()
	d, err := sharedSession(t).shared()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the shared buildkitd:\n%s", d.process.tail())
		}
	})
	return d
}

// SharedAddr is the address of [Shared], for examples, which have no testing.TB.
func SharedAddr() (string, error) {
	if current == nil {
		return "", errors.New("testenv: the shared buildkitd needs Main in TestMain")
	}
	d, err := current.shared()
	if err != nil {
		return "", err
	}
	return d.Addr, nil
}

func (s *session) shared() (*Daemon, error) {
	s.daemonOnce.Do(func() {
		dir := filepath.Join(s.dir, "bk")
		if s.daemonErr = os.Mkdir(dir, 0o755); s.daemonErr == nil {
			s.daemon, s.daemonErr = startDaemon(dir, DaemonOptions{})
		}
	})
	return s.daemon, s.daemonErr
}

// Client connects to the daemon.
func (d *Daemon) Client(t testing.TB) *client.Client {
	t.Helper()
	c, err := client.New(context.Background(), d.Addr)
	if err != nil {
		t.Fatalf("connect to buildkitd: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// PID is the process of the daemon.
func (d *Daemon) PID() int { return d.process.cmd.Process.Pid }

// Restart stops the daemon and starts it again with the same cache.
func (d *Daemon) Restart(t testing.TB) {
	t.Helper()
	d.RestartAfter(t, func() {})
}

// RestartAfter stops the daemon and starts it again when something has been done.
func (d *Daemon) RestartAfter(t testing.TB, do func()) {
	t.Helper()
	d.Stop(t)
	do()
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the daemon; its state stays until the test is over.
func (d *Daemon) Stop(t testing.TB) {
	t.Helper()
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
}

// Log returns the end of the daemon's log.
func (d *Daemon) Log() string { return d.process.tail() }

func (d *Daemon) stop() error { return d.process.stop() }

func startDaemon(dir string, options DaemonOptions) (*Daemon, error) {
	d := &Daemon{
		Addr: "unix://" + filepath.Join(dir, "bk.sock"),
		Root: filepath.Join(dir, "root"),
		dir:  dir,
		env:  options.Env,

		program: options.Program,
	}
	if err := os.WriteFile(d.config(), []byte(d.toml(options)), 0o644); err != nil {
		return nil, fmt.Errorf("write buildkitd.toml: %w", err)
	}
	return d, d.start()
}

func (d *Daemon) config() string { return filepath.Join(d.dir, "buildkitd.toml") }

func (d *Daemon) toml(options DaemonOptions) string {
	snapshotter := options.Snapshotter
	if snapshotter == "" {
		snapshotter = "overlayfs"
	}
	lines := []string{
		fmt.Sprintf("root = %q", d.Root),
		`insecure-entitlements = ["network.host", "security.insecure"]`,
		"[grpc]",
		fmt.Sprintf("address = [%q]", d.Addr),
		"[otel]",
		fmt.Sprintf("socketPath = %q", filepath.Join(d.dir, "otel.sock")),
		"[cdi]",
		"disabled = true",
		"[worker.containerd]",
		"enabled = false",
		"[worker.oci]",
		"enabled = true",
		"gc = false",
		`networkMode = "host"`,
		fmt.Sprintf("snapshotter = %q", snapshotter),
		options.Config,
	}
	return strings.Join(lines, "\n") + "\n"
}

func (d *Daemon) start() error {
	path, err := d.program, error(nil)
	if path == "" {
		path, err = findProgram("buildkitd")
	}
	if err != nil {
		return err
	}
	cmd := exec.Command(path, "--config", d.config())
	cmd.Env = append(os.Environ(), d.env...)
	if current != nil && current.gogc != "" {
		cmd.Env = append(cmd.Env, "GOGC="+current.gogc)
	}
	d.process, err = startProcess(cmd, filepath.Join(d.dir, "buildkitd.log"))
	if err != nil {
		return err
	}
	if err := d.process.waitFor(d.ready); err != nil {
		d.process.kill()
		return err
	}
	return nil
}

// ready reports whether the daemon has a worker.
func (d *Daemon) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	c, err := client.New(ctx, d.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	workers, err := c.ListWorkers(ctx)
	if err == nil && len(workers) == 0 {
		err = fmt.Errorf("no worker yet")
	}
	return err
}
