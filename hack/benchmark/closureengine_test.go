// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// closureByEngine measures the command line's own engine with a locked closure.
func closureByEngine(b *testing.B, c *closureHouse) {
	what := fmt.Sprintf("a closure of %d paths by the embedded engine, with a lock", c.n+1)
	cli := testenv.Strata(b)
	directory, roots := "type=oci,tar=false,dest="+c.out, testenv.Dir(b)
	for _, compression := range []string{"gzip", "zstd"} {
		b.Run("Cold"+compression, func(b *testing.B) {
			how := what + ", cold, to an OCI directory with " + compression
			compare(b, Measure{Name: how, Against: "`nix-store --export` and gzip", Time: 5 * time.Second}, c.emptyEngine(b, cli, roots, directory+",compression="+compression), c.exported(b), side{})
			stop(b, cli)
		})
	}
	b.Run("Cached", func(b *testing.B) {
		defer stop(b, cli)
		compare(b, Measure{Name: what + ", cached", Against: "`COPY` of the store", Time: 500 * time.Millisecond},
			side{run: func() { cli.MustRun(b, "build", "-o", "type=image", c.dir) }},
			side{run: func() { c.build(c.dockerfile, c.dir, "copy.dockerfile", "type=image") }}, side{})
	})
	b.Run("Changed", func(b *testing.B) {
		defer stop(b, cli)
		changes, image := 0, fmt.Sprintf("type=image,push=true,name=%s/engine%d", c.registry.Host, c.n)
		strata := side{before: func() { changes++; c.change(fmt.Sprint(b.Name(), changes)) }, made: func() string { return c.pushed(fmt.Sprint("engine", c.n)) }, run: func() {
			cli.MustRun(b, "lock", c.dir)
			cli.MustRun(b, "build", "-o", image, c.dir)
		}}
		compare(b, Measure{Name: what + " that is written again, one leaf changed, pushed", Against: "`COPY` of the store", Ratio: 0.2, Time: 700 * time.Millisecond},
			strata, c.changed(c.dockerfile, "copy.dockerfile", fmt.Sprint("copied", c.n), &changes), side{})
	})
}

// emptyEngine builds by an engine that runs and has nothing in its cache. Each has a new
// directory below roots, which are removed in the end; see disk.
func (c *closureHouse) emptyEngine(b *testing.B, cli *testenv.CLI, roots, output string) side {
	n := 0
	var root string
	return side{
		before: func() {
			stop(b, cli)
			c.empty()
			n++
			root = filepath.Join(roots, fmt.Sprintf("%s-%d", path.Base(b.Name()), n))
			cli.MustRun(b, "build", "--root", root, "-f", filepath.Join(c.dir, "first.yaml"), "-o", "type=cacheonly", c.dir)
		},
		run: func() { cli.MustRun(b, "build", "--root", root, "-o", output, c.dir) },
	}
}

// exported lets Nix write the closure as one archive, and packs that: what an image
// with the store in one layer would cost, if it cost nothing else.
func (c *closureHouse) exported(b *testing.B) side {
	made := testenv.MakeClosure(c, c.n, c.leaf, "")
	store := testenv.Dir(b)
	c.run(exec.Command("nix", "--extra-experimental-features", "nix-command", "copy", "--no-check-sigs", "--from", c.cache.URL, "--to", store, made.Root))
	script := fmt.Sprintf("set -eu; nix-store --store %[1]s --export $(nix-store --store %[1]s -qR %[2]s) | gzip >%[1]s/exported.gz", store, made.Root)
	return side{run: func() { c.run(exec.Command("bash", "-c", script)) }}
}
