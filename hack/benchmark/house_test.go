// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// house is what the measures through a daemon need.
type house struct {
	testing.TB
	registry *testenv.Registry
	daemon   *testenv.Daemon
	disk     *disk
	buildctl string
	// strata and dockerfile are the frontends' images, base is one to build on.
	strata, dockerfile, base string
	// options are further ones of buildctl.
	options []string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{
		TB:       t,
		registry: testenv.NewRegistry(t, testenv.RegistryOptions{}),
		daemon:   testenv.Buildkitd(t, testenv.DaemonOptions{}),
		buildctl: testenv.Program(t, "buildctl"),
	}
	h.disk = newDisk(t, h.daemon.Root)
	h.prune()
	h.strata = testenv.FrontendImage(t, h.registry)
	h.dockerfile = dockerfileImage(t, h.registry)
	h.base = testenv.BusyboxImage(t, h.registry, "base:1", testenv.BusyboxTweaks{})
	return h
}

// in is the house for a measure of its own.
func (h *house) in(t testing.TB) *house {
	other := *h
	other.TB = t
	return &other
}

// pushed is the digest of what the registry has under a name.
func (h *house) pushed(repository string) string {
	h.Helper()
	return h.registry.Descriptor(h, repository).Digest.String()
}

// dockerfileImage pushes the Dockerfile frontend as its Dockerfile makes it, with the
// same flags and labels.
func dockerfileImage(t testing.TB, r *testenv.Registry) string {
	t.Helper()
	program := filepath.Join(testenv.Dir(t), "dockerfile-frontend")
	cmd := exec.Command("go", "build", "-o", program, "-trimpath", "-ldflags", "-d", "-tags", "netgo static_build osusergo",
		"github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the Dockerfile frontend: %v\n%s", err, out)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	config := v1.Config{
		Entrypoint: []string{"/bin/dockerfile-frontend"},
		Labels: map[string]string{
			"moby.buildkit.frontend.network.none": "true",
			"moby.buildkit.frontend.caps": "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests," +
				"moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd",
		},
	}
	return r.Push(t, "dockerfile:1", testenv.Image(t, runtime.GOARCH, config, []testenv.Entry{
		{Path: "bin/"},
		{Path: "bin/dockerfile-frontend", Data: data, Mode: 0o755},
	}))
}

// project is a directory with both build files and their sources.
func project(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := testenv.Dir(t)
	for name, text := range files {
		write(t, filepath.Join(dir, name), []byte(text))
	}
	return dir
}

func write(t testing.TB, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// noise is data that no compression makes smaller.
func noise(n int, seed uint64) []byte {
	var key [32]byte
	key[0] = byte(seed)
	data := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(data)
	return data
}

// build builds a project through a frontend image, with further options of buildctl.
// The build file is NAME.yaml or NAME.dockerfile.
func (h *house) build(frontend, dir, file, output string, options ...string) {
	h.Helper()
	args := []string{
		"--addr", h.daemon.Addr, "build", "--progress=plain",
		"--frontend=gateway.v0", "--opt=source=" + frontend,
		"--local=context=" + dir, "--local=dockerfile=" + dir,
		"--opt=filename=" + file, "--opt=build-arg:BASE=" + h.base,
	}
	args = append(append(args, h.options...), options...)
	if output != "" {
		args = append(args, "--output="+output)
	}
	h.run(exec.Command(h.buildctl, args...))
}

// lock writes the lock of NAME.yaml, NAME.lock, into the same directory.
func (h *house) lock(dir, name string) {
	h.Helper()
	h.build(h.strata, dir, name+".yaml", "type=local,dest="+dir, "--opt=target="+name+".lock")
}

// prune empties the daemon's cache.
func (h *house) prune() {
	h.Helper()
	h.daemon.RestartAfter(h, func() { h.disk.renew(h) })
}

// run runs a command that must succeed.
func (h *house) run(cmd *exec.Cmd) string {
	h.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}
