// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func TestMain(m *testing.M) { testenv.Main(m) }

// door builds a case and pushes it.
type door struct {
	name string
	// build pushes the image under ref; env is added to the environment.
	build func(t *testing.T, h *house.House, s *house.Case, ref string, env []string)
}

func doors() []door {
	strata := func(t *testing.T, h *house.House, s *house.Case, ref string, env []string) {
		s.ByStrata(t, h, env, "--push", "-t", ref)
	}
	return []door{
		{"frontend image", func(t *testing.T, h *house.House, s *house.Case, ref string, env []string) {
			s.ByDocker(t, h, env, "-o", "type=image,push=true,oci-mediatypes=true,name="+ref)
		}},
		{"daemon", func(t *testing.T, h *house.House, s *house.Case, ref string, env []string) {
			strata(t, h, s, ref, append(slices.Clone(env), "BUILDKIT_HOST="+h.Daemon.Addr))
		}},
		{"embedded engine", strata},
	}
}

// TestDoors builds every case through all three doors, with and without
// SOURCE_DATE_EPOCH: one digest, files and a configuration that are as the case
// says.
func TestDoors(t *testing.T) {
	h := house.New(t)
	for _, s := range house.Cases(t) {
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
func buildThroughAll(t *testing.T, h *house.House, s *house.Case, env []string) string {
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
