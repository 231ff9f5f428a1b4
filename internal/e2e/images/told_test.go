// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestToldOnce builds two platforms and several targets that all have the same to warn of:
// each is told once by either client.
func TestToldOnce(t *testing.T) {
	h := house.New(t)
	only := testenv.BusyboxImage(t, h.Registry, "told-only:1", testenv.BusyboxTweaks{Only: "amd64"})
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: target:below
layers:
  - files: [{dest: /b, from: target:other, source: /a}]
targets:
  below:
    from: {base}
    layers: [{files: [{dest: /a, from: "`+only+`", source: /etc/passwd}]}]
  other:
    from: target:below
    config: {env: {PASSWORD: x}}
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Must(t, house.Flags(dir, "--platform", "linux/amd64,linux/arm64", "--build-arg", "NOPE=1")...)
		_, list, _ := strings.Cut(out, "warnings found") // docker tells of them as they come, and lists them
		for _, what := range []string{`the build argument "NOPE" is not declared`, "is for linux/amd64, and what it is used for is for linux/arm64"} {
			got := strings.Count(out, what)
			if w.Name == "docker" {
				got = strings.Count(list, what)
			}
			if got != 1 {
				t.Errorf("%q is told %d times:\n%s", what, got, out)
			}
		}
	})
}

// TestLastLines builds quietly what fails in a target that is copied from, and in a
// Dockerfile: the last lines of the step are there.
func TestLastLines(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /x, from: target:other, source: /x}]
targets:
  other:
    from: {base}
    layers: [{build: {run: "for i in $(seq 30); do echo line $i; done; exit 4"}}]
  docker: {from: dockerfile:Dockerfile}
-- Dockerfile --
FROM {base}
RUN echo because >&2; exit 3
`)
	for target, want := range map[string]string{"default": "  line 29\n  line 30\n", "docker": "  because\n"} {
		out, err := h.Strata(house.Flags(dir, "--progress=quiet", "--target", target)...)
		if err == nil || !strings.Contains(out, want) || strings.Contains(out, "line 19\n") {
			t.Errorf("%s: %v\n%s", target, err, out)
		}
	}
}
