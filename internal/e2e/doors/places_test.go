// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

var (
	releases = flag.String("buildkit", "", "directories with buildkitd of other releases of BuildKit, with commas between")
	rootless = flag.String("rootless", "", "the address of a BuildKit of today that runs without root")
)

// TestOldestBuildKit builds on the oldest BuildKit that docs/versions.md names, and on those
// that are given. A case that one can't build is refused in words, and never another image.
func TestOldestBuildKit(t *testing.T) {
	older := strings.FieldsFunc(*releases, func(r rune) bool { return r == ',' })
	for _, dir := range append([]string{filepath.Join(testenv.Root(t), ".cache", "oldest")}, older...) {
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			h := house.New(t)
			daemon := testenv.Buildkitd(t, testenv.DaemonOptions{Program: filepath.Join(dir, "buildkitd")})
			h.Buildx = testenv.NewBuildx(t, daemon)
			place{strata: []string{"--addr", daemon.Addr}, output: pushed, refused: func(t *testing.T, c *house.Case, out string) string {
				t.Helper()
				_, words, found := strings.Cut(out, "this BuildKit daemon is too old: ")
				if !found || name == "oldest" && c.Name != "mode-changes" {
					t.Errorf("it isn't built:\n%s", out)
				}
				words, _, _ = strings.Cut(words, "\n")
				return words
			}}.build(t, h, name)
		})
	}
}

// TestRootless builds on the daemon without root that is given, if one is.
func TestRootless(t *testing.T) {
	if *rootless == "" {
		return
	}
	h := house.New(t)
	h.Buildx = testenv.NewBuildxAt(t, *rootless)
	place{strata: []string{"--addr", *rootless}, output: pushed, same: true}.build(t, h, "rootless")
}

// TestTwoNodes builds two platforms, each on a node of its own, and holds one of them to what
// a single daemon makes.
func TestTwoNodes(t *testing.T) {
	h := house.New(t)
	create := func(platform, addr string, flags ...string) {
		args := append([]string{"buildx", "create", "--name", "two", "--driver", "remote", "--platform", platform}, flags...)
		if out, err := h.Buildx.Run(append(args, addr)...); err != nil {
			t.Fatalf("create builder: %v\n%s", err, out)
		}
	}
	create("linux/amd64", testenv.Buildkitd(t, testenv.DaemonOptions{}).Addr)
	create("linux/arm64", testenv.Buildkitd(t, testenv.DaemonOptions{}).Addr, "--append")
	flags := []string{"--builder", "two", "--platform", "linux/amd64,linux/arm64"}
	place{cases: []string{"files-from-context"}, docker: flags, strata: flags, env: buildxEnv(h), output: pushed, same: true}.build(t, h, "nodes")
}

// buildxEnv lets the command line find the builders of the test.
func buildxEnv(h *house.House) []string {
	return append([]string{"DOCKER_CONFIG=" + h.Buildx.Config, "BUILDX_CONFIG=" + filepath.Join(h.Buildx.Config, "buildx")}, h.Buildx.Env...)
}

// TestDockerEngines builds on the own builder of a Docker Engine of today, with each of its
// stores. Its steps have the network of the machine.
func TestDockerEngines(t *testing.T) {
	for _, store := range testenv.DockerStores() {
		t.Run(store, func(t *testing.T) {
			h := house.New(t)
			docker := testenv.DockerdOfToday(t, store)
			flags := []string{"--builder", "default", "--network", "host"}
			p := place{docker: flags, strata: flags, env: append(buildxEnv(h), "DOCKER_HOST="+docker.Host), chained: store != "containerd"}
			if p.chained {
				p.refused = needsDiff
			}
			p.build(t, h, store)
		})
	}
}

// needsDiff are the words for a case that needs DiffOp; all others have to be built.
func needsDiff(t *testing.T, c *house.Case, out string) string {
	t.Helper()
	if !strings.Contains(c.Section("strata.yaml"), "changed: true") {
		t.Errorf("it isn't built:\n%s", out)
	}
	house.Contains(t, out, ".yaml:", "BuildKit needs MergeOp and DiffOp for that")
	return "it has no DiffOp"
}

// TestOldDockerEngine asks the builder of Debian's Docker Engine, which is of 2020, through both
// clients: what it lacks is said.
func TestOldDockerEngine(t *testing.T) {
	h := house.New(t)
	docker := testenv.Dockerd(t)
	env := append(buildxEnv(h), "DOCKER_HOST="+docker.Host)
	for _, c := range house.Cases(t, "sources") {
		out, err := c.TryStrata(h, env, "--builder", "default", "-t", "old:1")
		if err == nil {
			t.Error("strata builds on it")
		}
		house.Contains(t, out, "is too old", "Strata needs BuildKit 0.20 or later, or Docker Engine 28")
		out, err = c.TryDocker(t, h, env, "--builder", "default")
		if err == nil {
			t.Error("docker builds on it")
		}
		house.Contains(t, out, "this BuildKit daemon is too old: it can't set modes", "BuildKit 0.17 and newer can")
	}
}
