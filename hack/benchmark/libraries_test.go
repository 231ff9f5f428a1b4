// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// libraries need no script of their own to run: ldconfig is all there is to do.
func libraries() []string { return []string{"libcurl4", "libjq1", "libpq5", "libxml2"} }

// smallSystem is what both Strata and mmdebstrap can put together without a root to
// run anything in.
func smallSystem() []string {
	return append(libraries(), "base-files", "base-passwd", "jq", "media-types", "netbase", "tzdata")
}

// BenchmarkLibraries measures packages where nothing has to run, or little of it:
// on scratch, against mmdebstrap, and on a base of another architecture, against a
// Dockerfile.
func BenchmarkLibraries(b *testing.B) {
	h := newHouse(b)
	uri, suite := testenv.DebianMirror(b)
	layer := func(names []string, more string) string {
		return "layers:\n  - packages:\n      names: [" + strings.Join(names, ", ") + "]\n" + more +
			fmt.Sprintf("      repositories: [{type: deb, uri: %q, suites: [%s], components: [main], signed_by: key.gpg}]\n", uri, suite)
	}
	key, err := os.ReadFile(testenv.DebianKeyring)
	if err != nil {
		b.Fatal(err)
	}
	d := &debian{house: h, dir: project(b, map[string]string{
		"key.gpg":         string(key),
		"warm.yaml":       "layers: [{files: [{dest: /a, content: a}]}]\n",
		"warm.dockerfile": "FROM scratch\nCOPY warm.yaml /a\n",
		"scratch.yaml":    layer(smallSystem(), ""),
		"base.yaml":       testenv.DebianOnScratch(b) + "  - files: [{dest: /etc/apt/sources.list, content: \"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " + uri + " " + suite + " main\\n\"}]\n",
		"arm64.yaml":      "args: {BASE: null}\nfrom: $BASE\n" + layer(libraries(), ""),
		"arm64.dockerfile": "ARG BASE\nFROM $BASE\n" + `RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ` + strings.Join(libraries(), " ") + "\n",
	})}
	d.lock(d.dir, "scratch")
	out := testenv.Dir(b)
	b.Run("Scratch", func(b *testing.B) {
		d.house = h.in(b)
		compare(b, Measure{Name: fmt.Sprintf("%d packages and what they need on scratch, cold, as an archive of files", len(smallSystem())), Against: "mmdebstrap", Ratio: 0.5},
			d.cold(d.strata, ".yaml", "scratch", "type=tar,dest="+filepath.Join(out, "strata.tar")),
			side{run: func() {
				d.run(exec.Command("mmdebstrap", "--quiet", "--mode=chrootless", "--variant=custom", "--include="+strings.Join(smallSystem(), ","),
					suite, filepath.Join(out, "mmdebstrap.tar"), uri))
			}}, side{})
	})
	b.Run("Arm64", func(b *testing.B) {
		d.house = h.in(b)
		d.options = []string{"--opt=platform=linux/arm64"}
		d.base = d.registry.Host + "/arm64"
		d.build(d.strata, d.dir, "base.yaml", "type=image,push=true,name="+d.base)
		d.lock(d.dir, "arm64")
		compare(b, Measure{Name: "4 libraries on Debian for arm64, on amd64, cold", Against: "Dockerfile with apt cache mounts", Ratio: 0.2},
			d.cold(d.strata, ".yaml", "arm64", ""), d.cold(d.dockerfile, ".dockerfile", "arm64", ""), side{})
	})
}
