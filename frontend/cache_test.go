// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/internal/testenv"
)

// TestCacheTransfer takes the cache from one daemon to another: through a
// registry, a directory, and the image itself.
func TestCacheTransfer(t *testing.T) {
	h := newHouse(t)
	fresh := testenv.Buildkitd(t, testenv.DaemonOptions{})
	other := &house{registry: h.registry, daemon: fresh, buildx: testenv.NewBuildx(t, fresh), cli: h.cli, frontend: h.frontend, base: h.base}
	dir := h.project(t, `
-- strata.yaml --
{syntax}
from: {base}
layers:
  - {name: files, files: [{dest: /bin/tool, source: tool}]}
  - {name: out, build: {run: cat /proc/sys/kernel/random/uuid > $out/out}}
  - {name: changed, build: {run: cat /proc/sys/kernel/random/uuid > /changed}}
-- tool --
`)
	for i, w := range h.ways() {
		t.Run(w.name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "cache")
			ref := h.registry.Host + "/cache:" + w.name
			image := h.registry.Host + "/cached:" + w.name
			for _, c := range []struct {
				name, to, from string
				steps          []string
			}{
				{"registry", "type=registry,mode=max,ref=" + ref, "type=registry,ref=" + ref, []string{"files: files", "out: build", "changed: build"}},
				{"local", "type=local,mode=max,dest=" + directory, "type=local,src=" + directory, []string{"files: files", "out: build", "changed: build"}},
				{"inline", "type=inline", "type=registry,ref=" + image, []string{"changed: build"}},
			} {
				t.Run(c.name, func(t *testing.T) {
					prune(t, fresh)
					w.must(t, flags(dir, "-o", "type=image,push=true,oci-mediatypes=true,name="+image, "--cache-to", c.to)...)
					out := other.ways()[i].must(t, flags(dir, "--cache-from", c.from)...)
					for _, step := range c.steps {
						if !cached(t, out, step) {
							t.Errorf("%q runs again:\n%s", step, out)
						}
					}
				})
			}
		})
	}
}

// prune empties a daemon's cache.
func prune(t *testing.T, d *testenv.Daemon) {
	t.Helper()
	if err := d.Client(t).Prune(context.Background(), nil, client.PruneAll); err != nil {
		t.Fatal(err)
	}
}
