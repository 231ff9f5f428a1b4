// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func TestMain(m *testing.M) { testenv.Main(m) }

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
			house.Write(t, filepath.Join(s.dir, name), []byte(text))
		}
		all = append(all, s)
	}
	return all
}

// door builds a case and pushes it.
type door struct {
	name string
	// build pushes the image under ref; env is added to the environment.
	build func(t *testing.T, h *house.House, s *scenario, ref string, env []string)
}

func doors() []door {
	return []door{
		{"frontend image", buildWithBuildx},
		{"daemon", func(t *testing.T, h *house.House, s *scenario, ref string, env []string) {
			buildWithStrata(t, h, s, ref, append(slices.Clone(env), "BUILDKIT_HOST="+h.Daemon.Addr))
		}},
		{"embedded engine", buildWithStrata},
	}
}

// buildWithBuildx goes through "docker buildx build" and "# syntax=".
func buildWithBuildx(t *testing.T, h *house.House, s *scenario, ref string, env []string) {
	t.Helper()
	text := "# syntax=" + h.Frontend + "\n" + s.Section("strata.yaml")
	house.Write(t, filepath.Join(s.dir, "with-syntax.yaml"), []byte(text))
	defer house.Remove(t, filepath.Join(s.dir, "with-syntax.yaml"))
	if ignore := s.Section(".dockerignore"); ignore != "" {
		house.Write(t, filepath.Join(s.dir, "with-syntax.yaml.dockerignore"), []byte(ignore+"\nwith-syntax*\n"))
		defer house.Remove(t, filepath.Join(s.dir, "with-syntax.yaml.dockerignore"))
	}
	args := append([]string{
		"buildx", "build", "-f", filepath.Join(s.dir, "with-syntax.yaml"), "--build-arg", "BASE=" + h.Base,
		"--provenance=false", "-o", "type=image,push=true,oci-mediatypes=true,name=" + ref,
	}, s.flags...)
	cmd := h.Buildx.Command(append(args, s.dir)...)
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// buildWithStrata goes through "strata build".
func buildWithStrata(t *testing.T, h *house.House, s *scenario, ref string, env []string) {
	t.Helper()
	args := append([]string{"build", "--build-arg", "BASE=" + h.Base, "--push", "-t", ref}, s.flags...)
	cmd := h.CLI.Command(append(args, s.dir)...)
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// TestDoors builds every case through all three doors, with and without
// SOURCE_DATE_EPOCH: one digest, files and a configuration that are as the case
// says.
func TestDoors(t *testing.T) {
	h := house.New(t)
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			plain := buildThroughAll(t, h, s, nil)
			dated := buildThroughAll(t, h, s, []string{"SOURCE_DATE_EPOCH=1700000000"})
			if h.Registry.Descriptor(t, plain).Digest == h.Registry.Descriptor(t, dated).Digest {
				t.Error("SOURCE_DATE_EPOCH made no difference")
			}
			house.Validate(t, h, plain)
			s.Expect(t, "want", house.Listing(t, house.Unpack(t, h, plain)), *update)
			s.Expect(t, "config", house.ReadableConfig(t, h, plain), *update)
		})
	}
}

// buildThroughAll builds through all doors and returns the reference of one of
// the images, which are all the same.
func buildThroughAll(t *testing.T, h *house.House, s *scenario, env []string) string {
	t.Helper()
	digests := map[string]string{}
	ref := ""
	for _, d := range doors() {
		ref = h.Registry.Host + "/" + s.Name + ":" + strings.ReplaceAll(d.name, " ", "-") + strings.Join(env, "")
		ref = strings.ReplaceAll(ref, "=", "-")
		d.build(t, h, s, ref, env)
		digests[d.name] = h.Registry.Descriptor(t, strings.TrimPrefix(ref, h.Registry.Host+"/")).Digest.String()
	}
	for name, digest := range digests {
		if digest != digests["daemon"] {
			t.Errorf("the digests differ: %s gives %s, the daemon gives %s", name, digest, digests["daemon"])
		}
	}
	return strings.TrimPrefix(ref, h.Registry.Host+"/")
}
