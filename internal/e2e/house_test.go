// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// house is what a user has around: a registry with a base image, a daemon, and
// the command line.
type house struct {
	registry *testenv.Registry
	daemon   *testenv.Daemon
	cli      *testenv.CLI
	base     string
}

// newHouse makes the house of a test, which from there on runs beside others.
func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	return houseOn(t, testenv.Shared(t))
}

// newHouseAlone is newHouse with a daemon of its own, for a test that reads what the
// daemon's store has right after a build: the end of another build may let it collect that.
func newHouseAlone(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	return houseOn(t, testenv.Buildkitd(t, testenv.DaemonOptions{}))
}

func houseOn(t *testing.T, d *testenv.Daemon) *house {
	t.Helper()
	h := &house{registry: testenv.NewRegistry(t, testenv.RegistryOptions{}), daemon: d, cli: testenv.Strata(t)}
	h.base = testenv.BusyboxImage(t, h.registry, "base:1", testenv.BusyboxTweaks{})
	return h
}

// build runs "strata build" on the daemon with the base as an argument.
func (h *house) build(t *testing.T, args ...string) testenv.Result {
	t.Helper()
	return h.cli.Run(t, h.args(args...)...)
}

// mustBuild is build for a test that only goes on if it succeeds.
func (h *house) mustBuild(t *testing.T, args ...string) testenv.Result {
	t.Helper()
	return h.cli.MustRun(t, h.args(args...)...)
}

func (h *house) args(args ...string) []string {
	return append([]string{"build", "--addr", h.daemon.Addr, "--build-arg", "BASE=" + h.base}, args...)
}

// digest is what the registry has under a name.
func (h *house) digest(t *testing.T, repository string) string {
	t.Helper()
	return h.registry.Descriptor(t, repository).Digest.String()
}

// directory makes a directory.
func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
