// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestDockerEngines builds on the own builder of a Docker Engine of today, and of the releases
// that are given, with each of their stores. Its steps have the network of the machine.
func TestDockerEngines(t *testing.T) {
	today := filepath.Join(testenv.Root(t), ".cache", "docker")
	for _, dir := range append([]string{today}, list(*engines)...) {
		for _, store := range testenv.DockerStores() {
			name := store
			if dir != today {
				name = filepath.Base(dir) + "-" + store
			}
			t.Run(name, func(t *testing.T) {
				h := house.New(t)
				docker := testenv.DockerdOf(t, dir, store)
				if got := docker.Store(t); got != store {
					if dir == today || got != "overlay2" {
						t.Errorf("its store is %s", got)
					}
					t.Logf("| %s | all | there is no such store |", name)
					return
				}
				p := enginePlace(h, docker, store)
				p.refused = refusal(dir == today, p.chained)
				p.build(t, h, name)
				p.keeps(t, h, docker)
			})
		}
	}
}

// enginePlace is the own builder of an engine.
func enginePlace(h *house.House, docker *testenv.Docker, store string) place {
	flags := []string{"--builder", "default", "--network", "host"}
	p := place{docker: flags, strata: flags, env: append(buildxEnv(h), "DOCKER_HOST="+docker.Host), chained: store != "containerd"}
	if !p.chained {
		p.output = pushed // older ones push Docker's media types by themselves
	}
	return p
}

// refusal looks at what an engine can't build. That of today lacks DiffOp at most.
func refusal(today, chained bool) func(*testing.T, *house.Case, string) string {
	switch {
	case !today:
		return func(t *testing.T, c *house.Case, out string) string {
			t.Helper()
			if chained && strings.Contains(c.Section("strata.yaml"), "changed: true") {
				return needsDiff(t, c, out)
			}
			return tooOld(t, c, out)
		}
	case chained:
		return needsDiff
	}
	return nil
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

// keeps builds images that stay in the engine, by each client.
func (p place) keeps(t *testing.T, h *house.House, docker *testenv.Docker) {
	t.Helper()
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /etc/greeting, content: hello}]}]\n")
	for name, flags := range map[string][]string{"plain": nil, "loaded": {"--load"}} {
		cmd := h.CLI.Command(slices.Concat([]string{"build", "-t", "strata:" + name}, flags, p.strata, []string{dir})...)
		cmd.Env = append(cmd.Env, p.env...)
		by := h.Buildx.Command(slices.Concat([]string{"buildx", "build", "-t", "docker:" + name}, flags, p.docker, house.Flags(dir))...)
		by.Env = append(by.Env, p.env...)
		for ref, cmd := range map[string]*exec.Cmd{"strata:" + name: cmd, "docker:" + name: by} {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("build %s: %v\n%s", ref, err, out)
				continue
			}
			house.Want(t, ref, docker.File(t, ref, "etc/greeting"), "hello")
		}
	}
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
