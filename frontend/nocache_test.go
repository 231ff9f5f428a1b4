// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// TestNoCache shows which steps run again, and that the image has what they made:
// all of them, those of a layer, or those of a target and what is made from it.
func TestNoCache(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
from: {base}
layers:
  - {name: first, build: {run: cat /proc/sys/kernel/random/uuid > $out/first}}
  - {name: second, build: {run: cat /proc/sys/kernel/random/uuid > $out/second}}
  - {name: third, files: [{dest: /third, from: target:tools, source: /tool}]}
targets:
  tools:
    from: {base}
    layers: [{name: tool, build: {run: cat /proc/sys/kernel/random/uuid > $out/tool}}]
`)
	files := []string{"first", "second", "third"}
	steps := []string{"first: build", "second: build", "tool: build"}
	h.each(t, func(t *testing.T, w way) {
		before := w.files(t, flags(dir)...)
		for _, c := range []struct {
			flags []string
			fresh []bool
		}{
			{nil, []bool{false, false, false}},
			{[]string{"--no-cache-filter", "second"}, []bool{false, true, false}},
			{[]string{"--no-cache-filter", "tools"}, []bool{false, false, true}},
			{[]string{"--no-cache-filter", "first", "--no-cache-filter", "tool"}, []bool{true, false, true}},
			{[]string{"--no-cache"}, []bool{true, true, true}},
		} {
			after := filepath.Join(t.TempDir(), "out")
			out := w.must(t, flags(dir, append([]string{"-o", after}, c.flags...)...)...)
			for i, fresh := range c.fresh {
				if cached(t, out, steps[i]) == fresh {
					t.Errorf("with %v the step %q is cached: %v\n%s", c.flags, steps[i], !fresh, out)
				}
				if (read(t, before, files[i]) != read(t, after, files[i])) != fresh {
					t.Errorf("with %v the image has a new %s: %v, want %v\n%s", c.flags, files[i], !fresh, fresh, out)
				}
			}
			before = after
		}
	})
}

// TestPull shows that a base that moved is seen.
func TestPull(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: {registry}/moving:1\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.each(t, func(t *testing.T, w way) {
		for _, release := range []string{"1\n", "2\n"} {
			testenv.BusyboxImage(t, h.registry, "moving:1", testenv.BusyboxTweaks{
				Release: release, Config: func(c *v1.Config) { c.Labels = map[string]string{"way": w.name} },
			})
			out := w.files(t, flags(dir, "--pull")...)
			want(t, "the base's release", read(t, out, "usr/lib/release"), release)
		}
	})
}
