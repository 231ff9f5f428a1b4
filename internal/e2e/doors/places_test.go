// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"flag"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

var (
	releases = flag.String("buildkit", "", "directories with buildkitd of other releases of BuildKit, with commas between")
	engines  = flag.String("docker", "", "directories with dockerd of other releases of Docker Engine, with commas between")
	rootless = flag.String("rootless", "", "the address of a BuildKit of today that runs without root")
)

// list are the parts of a flag that isn't empty.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

// TestOldestBuildKit builds on the oldest BuildKit that docs/versions.md names, and on those
// that are given. A case that one can't build is refused in words, and never another image.
func TestOldestBuildKit(t *testing.T) {
	for _, dir := range append([]string{filepath.Join(testenv.Root(t), ".cache", "oldest")}, list(*releases)...) {
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			h := house.New(t)
			daemon := testenv.Buildkitd(t, testenv.DaemonOptions{Program: filepath.Join(dir, "buildkitd")})
			h.Buildx = testenv.NewBuildx(t, daemon)
			place{strata: []string{"--addr", daemon.Addr}, output: pushed, refused: func(t *testing.T, c *house.Case, out string) string {
				t.Helper()
				if name == "oldest" && c.Name != "mode-changes" {
					t.Errorf("it isn't built:\n%s", out)
				}
				return tooOld(t, c, out)
			}}.build(t, h, name)
		})
	}
}

// tooOld are the words for a case that an older daemon can't build, which stand at a line of
// the build file.
func tooOld(t *testing.T, _ *house.Case, out string) string {
	t.Helper()
	at := lacking.FindStringSubmatch(out)
	if at == nil {
		t.Fatalf("it isn't built:\n%s", out)
	}
	return at[1]
}

// lacking is what a client prints of a daemon that is too old.
var lacking = regexp.MustCompile(`\.yaml:\d+(?::\d+)?: this BuildKit daemon is too old: (.*; BuildKit [0-9.]+ and newer can)`)

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
