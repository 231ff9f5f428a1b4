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
				if dir != today { // which doesn't know its version, as it is compiled as a module
					major := docker.Major(t)
					p.informs, p.deaf = major == 24, major < 24
				}
				if p.deaf {
					p.refused = ancient
				}
				p.build(t, h, name)
				if p.deaf {
					return
				}
				p.keeps(t, h, docker)
				t.Logf("| %s | packages | %s |", name, p.packages(t, h))
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
		for client, build := range p.clients(h) {
			ref := client + ":" + name
			if out, err := build(dir, append([]string{"-t", ref}, flags...)...); err != nil {
				t.Errorf("build %s: %v\n%s", ref, err, out)
				continue
			}
			house.Want(t, ref, docker.File(t, ref, "etc/greeting"), "hello")
		}
	}
}

// packages builds a layer of Debian's packages, and says what came of it.
func (p place) packages(t *testing.T, h *house.House) string {
	t.Helper()
	a := house.Hello(t)
	dir, words := h.PackagesProject(t, a, "hello"), map[string]string{}
	for client, build := range p.clients(h) {
		files := filepath.Join(t.TempDir(), "files")
		out, err := build(dir, "--build-arg", "MIRROR="+a.URL, "-o", "type=local,dest="+files)
		if err != nil {
			words[client] = "refused: " + tooOld(t, nil, out)
			continue
		}
		house.Want(t, "the file of a package", house.Read(t, files, "usr/share/hello/text"), "hello\n")
		words[client] = "built"
	}
	house.Want(t, "what docker says", words["docker"], words["strata"])
	return words["strata"]
}

// clients build a directory with more flags.
func (p place) clients(h *house.House) map[string]func(dir string, flags ...string) (string, error) {
	run := func(cmd *exec.Cmd) (string, error) {
		cmd.Env = append(cmd.Env, p.env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	return map[string]func(dir string, flags ...string) (string, error){
		"strata": func(dir string, flags ...string) (string, error) {
			return run(h.CLI.Command(slices.Concat([]string{"build", dir}, flags, p.strata)...))
		},
		"docker": func(dir string, flags ...string) (string, error) {
			return run(h.Buildx.Command(slices.Concat([]string{"buildx", "build"}, flags, p.docker, house.Flags(dir))...))
		},
	}
}

// ancient are the words for every case where the builder is one that nothing can be built on.
func ancient(t *testing.T, _ *house.Case, out string) string {
	t.Helper()
	house.Contains(t, out, "this BuildKit daemon is too old: Strata needs BuildKit 0.20 or later, or Docker Engine 28")
	return "too old"
}

// TestOldDockerEngine builds on Debian's Docker Engine, which is of 2020: the command line can't
// talk to its builder, and the frontend's image says that it is too old.
func TestOldDockerEngine(t *testing.T) {
	h := house.New(t)
	p := enginePlace(h, testenv.Dockerd(t, "--storage-driver", "overlay2"), "overlay2")
	p.cases, p.deaf, p.refused = []string{"sources"}, true, ancient
	p.build(t, h, "docker-20.10")
}
