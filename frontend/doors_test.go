// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func TestMain(m *testing.M) { testenv.Main(m) }

// house is everything that the doors need. The tests of this package share all
// of it but the two clients.
type house struct {
	registry *testenv.Registry
	daemon   *testenv.Daemon
	buildx   *testenv.Buildx
	cli      *testenv.CLI
	frontend string
	base     string
}

// newHouse makes the house of a test, which from there on runs beside others: what
// a test puts into the shared parts has names of its own.
func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	h := &house{registry: testenv.SharedRegistry(t), daemon: testenv.Shared(t)}
	h.buildx = testenv.NewBuildx(t, h.daemon)
	h.cli = testenv.Strata(t)
	h.frontend = testenv.SharedFrontend(t)
	h.base = testenv.SharedBase(t)
	return h
}

// scenario is a case of testdata/cases, unpacked.
type scenario struct {
	*testenv.Archive
	dir   string
	flags []string
}

func scenarios(t *testing.T) []*scenario {
	t.Helper()
	var all []*scenario
	for _, a := range testenv.Archives(t, "cases") {
		s := &scenario{Archive: a, dir: t.TempDir(), flags: strings.Fields(a.Section("flags"))}
		for name, text := range a.Files("flags", "want", "config") {
			write(t, filepath.Join(s.dir, name), []byte(text))
		}
		all = append(all, s)
	}
	return all
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Error(err)
	}
}

// door builds a case and pushes it.
type door struct {
	name string
	// build pushes the image under ref; env is added to the environment.
	build func(t *testing.T, h *house, s *scenario, ref string, env []string)
}

func doors() []door {
	return []door{
		{"frontend image", buildWithBuildx},
		{"daemon", func(t *testing.T, h *house, s *scenario, ref string, env []string) {
			buildWithStrata(t, h, s, ref, append(slices.Clone(env), "BUILDKIT_HOST="+h.daemon.Addr))
		}},
		{"embedded engine", buildWithStrata},
	}
}

// buildWithBuildx goes through "docker buildx build" and "# syntax=".
func buildWithBuildx(t *testing.T, h *house, s *scenario, ref string, env []string) {
	t.Helper()
	text := "# syntax=" + h.frontend + "\n" + s.Section("strata.yaml")
	write(t, filepath.Join(s.dir, "with-syntax.yaml"), []byte(text))
	defer remove(t, filepath.Join(s.dir, "with-syntax.yaml"))
	if ignore := s.Section(".dockerignore"); ignore != "" {
		write(t, filepath.Join(s.dir, "with-syntax.yaml.dockerignore"), []byte(ignore+"\nwith-syntax*\n"))
		defer remove(t, filepath.Join(s.dir, "with-syntax.yaml.dockerignore"))
	}
	args := append([]string{
		"buildx", "build", "-f", filepath.Join(s.dir, "with-syntax.yaml"), "--build-arg", "BASE=" + h.base,
		"--provenance=false", "-o", "type=image,push=true,oci-mediatypes=true,name=" + ref,
	}, s.flags...)
	cmd := h.buildx.Command(append(args, s.dir)...)
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// buildWithStrata goes through "strata build".
func buildWithStrata(t *testing.T, h *house, s *scenario, ref string, env []string) {
	t.Helper()
	args := append([]string{"build", "--build-arg", "BASE=" + h.base, "--push", "-t", ref}, s.flags...)
	cmd := h.cli.Command(append(args, s.dir)...)
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// TestDoors builds every case through all three doors, with and without
// SOURCE_DATE_EPOCH: one digest, files and a configuration that are as the case
// says.
func TestDoors(t *testing.T) {
	h := newHouse(t)
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			plain := buildThroughAll(t, h, s, nil)
			dated := buildThroughAll(t, h, s, []string{"SOURCE_DATE_EPOCH=1700000000"})
			if h.registry.Descriptor(t, plain).Digest == h.registry.Descriptor(t, dated).Digest {
				t.Error("SOURCE_DATE_EPOCH made no difference")
			}
			validate(t, h, plain)
			s.Expect(t, "want", listing(t, unpack(t, h, plain)), *update)
			s.Expect(t, "config", readableConfig(t, h, plain), *update)
		})
	}
}

// buildThroughAll builds through all doors and returns the reference of one of
// the images, which are all the same.
func buildThroughAll(t *testing.T, h *house, s *scenario, env []string) string {
	t.Helper()
	digests := map[string]string{}
	ref := ""
	for _, d := range doors() {
		ref = h.registry.Host + "/" + s.Name + ":" + strings.ReplaceAll(d.name, " ", "-") + strings.Join(env, "")
		ref = strings.ReplaceAll(ref, "=", "-")
		d.build(t, h, s, ref, env)
		digests[d.name] = h.registry.Descriptor(t, strings.TrimPrefix(ref, h.registry.Host+"/")).Digest.String()
	}
	for name, digest := range digests {
		if digest != digests["daemon"] {
			t.Errorf("the digests differ: %s gives %s, the daemon gives %s", name, digest, digests["daemon"])
		}
	}
	return strings.TrimPrefix(ref, h.registry.Host+"/")
}
