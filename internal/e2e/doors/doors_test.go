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
	// informs says that the daemon puts what it was asked for into configurations, as BuildKit
	// did before 0.12: what it asks differs by client, and so does the digest.
	informs bool
	// deaf says that the command line can't talk to the place, and has to say so.
	deaf bool
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

// buildInfo is what a daemon of before BuildKit 0.12 adds to configurations.
var buildInfo = regexp.MustCompile(`(?m)^  "moby\.buildkit\.buildinfo\.v1": .*\n`)

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
			words := p.buildCase(t, h, c, "doors-"+name+"/"+c.Name)
			if !t.Failed() {
				t.Logf("| %s | %s | %s |", name, c.Name, words)
			}
		})
	}
}

// buildCase builds one case, and says what came of it.
func (p place) buildCase(t *testing.T, h *house.House, c *house.Case, repository string) string {
	t.Helper()
	ref := h.Registry.Host + "/" + repository
	byDocker := append([]string{"--push", "-t", ref + ":docker"}, p.docker...)
	if p.output != nil {
		byDocker = append(p.output(ref+":docker"), p.docker...)
	}
	byStrata := append([]string{"--push", "-t", ref + ":strata"}, p.strata...)
	tags := []string{":docker", ":strata"}
	strata, err := c.TryStrata(h, p.env, byStrata...)
	if p.deaf {
		house.Contains(t, strata, "is too old", "Strata needs BuildKit 0.20 or later, or Docker Engine 28")
		tags, err = tags[:1], nil
	}
	docker, dockerErr := c.TryDocker(t, h, p.env, byDocker...)
	switch {
	case (err == nil || p.deaf) && dockerErr == nil:
	case p.refused == nil || !p.deaf && (err == nil) != (dockerErr == nil):
		t.Fatalf("strata: %v\n%s\ndocker: %v\n%s", err, strata, dockerErr, docker)
	default:
		words := p.refused(t, c, docker)
		if !p.deaf {
			house.Want(t, "what strata says", p.refused(t, c, strata), words)
		}
		return "refused: " + words
	}
	p.holds(t, h, c, repository, tags)
	if p.same {
		c.ByStrata(t, h, []string{"BUILDKIT_HOST=" + h.Daemon.Addr}, "--push", "-t", ref+":today")
		if got, want := platformDigest(t, h, repository+":strata"), platformDigest(t, h, repository+":today"); got != want {
			t.Errorf("it gives %s, a daemon of today %s", got, want)
		}
	}
	return "built"
}

// holds compares the images with the case, and with each other.
func (p place) holds(t *testing.T, h *house.House, c *house.Case, repository string, tags []string) {
	t.Helper()
	first := platformDigest(t, h, repository+tags[0])
	for _, tag := range tags {
		if got := platformDigest(t, h, repository+tag); got != first && !p.informs {
			t.Errorf("%s is %s, %s is %s", tags[0], first, tag, got)
		}
		house.Validate(t, h, repository+tag)
		want, got := c.Section("want"), house.Listing(t, house.Unpack(t, h, repository+tag))
		if p.chained {
			want, got = unchained(want), unchained(got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s has other files than the case (-want +got):\n%s", tag, diff)
		}
		config := house.ReadableConfig(t, h, repository+tag)
		if p.informs {
			config = buildInfo.ReplaceAllString(config, "")
		}
		if diff := cmp.Diff(c.Section("config"), config); diff != "" {
			t.Errorf("%s has another configuration than the case (-want +got):\n%s", tag, diff)
		}
	}
}

// platformDigest is the digest of the manifest for this machine, alone or in an index.
func platformDigest(t *testing.T, h *house.House, name string) string {
	t.Helper()
	return strings.TrimSpace(testenv.Output(t, "crane", "digest", "--insecure", "--platform", "linux/amd64", h.Registry.Host+"/"+name))
}
