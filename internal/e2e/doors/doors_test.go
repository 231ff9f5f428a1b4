// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package doors builds cases of testdata/cases where users build besides a BuildKit of
// today: on Docker Engines, on a builder of two nodes, and on older daemons. hack/doors
// builds all cases so, and on daemons of all releases that it is given.
package doors

import (
	"flag"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

var every = flag.Bool("every", false, "build every case, and not a few")

func TestMain(m *testing.M) { testenv.Main(m) }

// chosen are the cases that are built: all with -every.
func chosen(few ...string) []string {
	if *every {
		return nil
	}
	return few
}

// place is where cases are built.
type place struct {
	// cases are the names of those that are built without -every: by default with files from the
	// context, a command in place, a command with $out, and layers that follow on these.
	cases []string
	// flags are those that choose the builder, in each client's notation.
	docker, strata []string
	// env is added to the environment of both.
	env []string
	// output is that of docker; --push when empty.
	output func(ref string) []string
	// same says that the exporter is that of the daemon of today, and so the digests are.
	same bool
	// refused looks at what a client says when the place can't build a case, and gives the
	// words; nil where all are built.
	refused func(t *testing.T, c *house.Case, out string) string
	// chained says that the place has no MergeOp: steps leave their mount points behind, and a
	// directory that a layer goes into has its time from there.
	chained bool
}

// What a chain of layers has otherwise: the mount points that a step leaves, and the times of
// directories.
var (
	stubs          = regexp.MustCompile(`(?m)^\S+ 0:0 \d+ /(dev|proc|sys)\n`)
	directoryTimes = regexp.MustCompile(`(?m)^(d\S+ \d+:\d+) \d+ `)
)

func unchained(listing string) string {
	return directoryTimes.ReplaceAllString(stubs.ReplaceAllString(listing, ""), "$1 - ")
}

// pushed is the output that gives the digests of [house.House.Pushed].
func pushed(ref string) []string {
	return []string{"-o", "type=image,push=true,oci-mediatypes=true,name=" + ref}
}

// build builds the cases by docker and by the command line, and holds each image to the
// case: one digest from both, that of the daemon of today where it should be.
func (p place) build(t *testing.T, h *house.House, name string) {
	if p.cases == nil {
		p.cases = []string{"in-place", "sources"}
	}
	for _, c := range house.Cases(t, chosen(p.cases...)...) {
		t.Run(c.Name, func(t *testing.T) {
			repository := "doors-" + name + "/" + c.Name
			ref := h.Registry.Host + "/" + repository
			output := []string{"--push", "-t", ref + ":docker"}
			if p.output != nil {
				output = p.output(ref + ":docker")
			}
			byStrata := append([]string{"--push", "-t", ref + ":strata"}, p.strata...)
			if p.refused != nil {
				if out, err := c.TryStrata(h, p.env, byStrata...); err != nil {
					words := p.refused(t, c, out)
					t.Logf("| %s | %s | refused: %s |", name, c.Name, words)
					out, err = c.TryDocker(t, h, p.env, append(output, p.docker...)...)
					if err == nil {
						t.Fatal("docker builds it, and strata does not")
					}
					house.Want(t, "what docker says", p.refused(t, c, out), words)
					return
				}
			}
			c.ByDocker(t, h, p.env, append(output, p.docker...)...)
			c.ByStrata(t, h, p.env, byStrata...)
			p.holds(t, h, c, repository)
			if !t.Failed() {
				t.Logf("| %s | %s | built |", name, c.Name)
			}
			if !p.same {
				return
			}
			c.ByStrata(t, h, []string{"BUILDKIT_HOST=" + h.Daemon.Addr}, "--push", "-t", ref+":today")
			if got, want := platformDigest(t, h, repository+":strata"), platformDigest(t, h, repository+":today"); got != want {
				t.Errorf("it gives %s, a daemon of today %s", got, want)
			}
		})
	}
}

// holds compares the two images with the case, and with each other.
func (p place) holds(t *testing.T, h *house.House, c *house.Case, repository string) {
	t.Helper()
	if a, b := platformDigest(t, h, repository+":docker"), platformDigest(t, h, repository+":strata"); a != b {
		t.Errorf("docker gives %s, strata %s", a, b)
	}
	for _, tag := range []string{":docker", ":strata"} {
		house.Validate(t, h, repository+tag)
		want, got := c.Section("want"), house.Listing(t, house.Unpack(t, h, repository+tag))
		if p.chained {
			want, got = unchained(want), unchained(got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s has other files than the case (-want +got):\n%s", tag, diff)
		}
		if diff := cmp.Diff(c.Section("config"), house.ReadableConfig(t, h, repository+tag)); diff != "" {
			t.Errorf("%s has another configuration than the case (-want +got):\n%s", tag, diff)
		}
	}
}

// platformDigest is the digest of the manifest for this machine, alone or in an index.
func platformDigest(t *testing.T, h *house.House, name string) string {
	t.Helper()
	return strings.TrimSpace(testenv.Output(t, "crane", "digest", "--insecure", "--platform", "linux/amd64", h.Registry.Host+"/"+name))
}
