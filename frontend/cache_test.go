// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestCacheTransfer takes the cache from one daemon to another: through a
// registry, a directory, and the image itself.
func TestCacheTransfer(t *testing.T) {
	h := house.New(t)
	fresh := testenv.Buildkitd(t, testenv.DaemonOptions{})
	other := &house.House{Registry: h.Registry, Daemon: fresh, Buildx: testenv.NewBuildx(t, fresh), CLI: h.CLI, Frontend: h.Frontend, Base: h.Base}
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: {base}
layers:
  - {name: files, files: [{dest: /bin/tool, source: tool}]}
  - {name: out, build: {run: cat /proc/sys/kernel/random/uuid > $out/out}}
  - {name: changed, build: {run: cat /proc/sys/kernel/random/uuid > /changed}}
-- tool --
`)
	for i, w := range h.Ways() {
		t.Run(w.Name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "cache")
			ref := h.Registry.Host + "/cache:" + w.Name
			image := h.Registry.Host + "/cached:" + w.Name
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
					w.Must(t, house.Flags(dir, "-o", "type=image,push=true,oci-mediatypes=true,name="+image, "--cache-to", c.to)...)
					out := other.Ways()[i].Must(t, house.Flags(dir, "--cache-from", c.from)...)
					for _, step := range c.steps {
						if !house.Cached(t, out, step) {
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
