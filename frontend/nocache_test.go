// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestNoCache shows which steps run again, and that the image has what they made:
// all of them, those of a layer, or those of a target and what is made from it.
func TestNoCache(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
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
	h.Each(t, func(t *testing.T, w house.Way) {
		before := w.Files(t, house.Flags(dir)...)
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
			out := w.Must(t, house.Flags(dir, append([]string{"-o", after}, c.flags...)...)...)
			for i, fresh := range c.fresh {
				if house.Cached(t, out, steps[i]) == fresh {
					t.Errorf("with %v the step %q is cached: %v, want %v\n%s", c.flags, steps[i], fresh, !fresh, out)
				}
				if (house.Read(t, before, files[i]) != house.Read(t, after, files[i])) != fresh {
					t.Errorf("with %v the image has a new %s: %v, want %v\n%s", c.flags, files[i], !fresh, fresh, out)
				}
			}
			before = after
		}
	})
}

// TestPull shows that a base that moved is seen.
func TestPull(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: {registry}/moving:1\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		for _, release := range []string{"1\n", "2\n"} {
			testenv.BusyboxImage(t, h.Registry, "moving:1", testenv.BusyboxTweaks{
				Release: release, Config: func(c *v1.Config) { c.Labels = map[string]string{"way": w.Name} },
			})
			out := w.Files(t, house.Flags(dir, "--pull")...)
			house.Want(t, "the base's release", house.Read(t, out, "usr/lib/release"), release)
		}
	})
}
