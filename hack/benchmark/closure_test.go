// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// closureHouse is a project with a closure in both languages: a cache for Strata,
// a folder for a Dockerfile.
type closureHouse struct {
	*house
	dir, out string
	cache    *testenv.Files
	files    map[string][]byte
	n        int
	locked   bool
}

func newClosureHouse(b *testing.B, h *house, n int, locked bool) *closureHouse {
	c := &closureHouse{house: h.in(b), dir: testenv.Dir(b), out: filepath.Join(testenv.Dir(b), "layout"), files: map[string][]byte{}, n: n}
	c.cache = testenv.FileServer(b, c.files)
	write(b, filepath.Join(c.dir, "copy.dockerfile"), []byte("FROM scratch\nCOPY store /nix/store\n"))
	write(b, filepath.Join(c.dir, "first.yaml"), []byte("layers: [{files: [{dest: /a, content: a}]}]\n"))
	write(b, filepath.Join(c.dir, "first.dockerfile"), []byte("FROM scratch\nCOPY first.yaml /a\n"))
	c.change("")
	if c.locked = locked; locked {
		c.lock()
	}
	return c
}

// change makes a closure in which the path that only the root needs is a new one.
func (c *closureHouse) change(salt string) {
	c.Helper()
	made := testenv.MakeClosure(c, c.n, c.n-1, salt)
	maps.Copy(c.files, made.Cache)
	made.WriteStore(c, filepath.Join(c.dir, "store"))
	write(c, filepath.Join(c.dir, "strata.yaml"), fmt.Appendf(nil,
		"layers:\n  - derivation:\n      path: %s\n      substituters: [%q]\n      trusted_public_keys: [%q]\n", made.Root, c.cache.URL, made.Key))
}

// lock writes the lock, or brings it up to date.
func (c *closureHouse) lock() {
	c.Helper()
	c.run(exec.Command(c.buildctl, "--addr", c.daemon.Addr, "build", "--progress=plain",
		"--frontend=gateway.v0", "--opt=source="+c.strata, "--local=context="+c.dir, "--local=dockerfile="+c.dir,
		"--opt=target=strata.lock", "--output=type=local,dest="+c.dir))
}

func (c *closureHouse) cold(frontend, warm, file string) side {
	return side{
		before: func() {
			c.prune()
			c.empty()
			c.build(frontend, c.dir, warm, "")
		},
		run: func() { c.build(frontend, c.dir, file, "type=oci,tar=false,dest="+c.out) },
	}
}

// empty removes the folder that is written.
func (c *closureHouse) empty() {
	c.Helper()
	if err := os.RemoveAll(c.out); err != nil {
		c.Fatal(err)
	}
}

// engine builds by the command line's own engine, which runs and has an empty cache.
func (c *closureHouse) engine(b *testing.B, flags string) side {
	cli := testenv.Strata(b)
	return side{
		before: func() {
			stop(b, cli)
			c.empty()
			if err := os.RemoveAll(cli.Root); err != nil {
				b.Fatal(err)
			}
			cli.MustRun(b, "build", "-f", filepath.Join(c.dir, "first.yaml"), "-o", "type=cacheonly", c.dir)
		},
		run: func() { cli.MustRun(b, "build", "-o", "type=oci,tar=false,dest="+c.out+flags, c.dir) },
	}
}

// exported lets Nix write the closure as one archive, and packs that: what an image
// with the store in one layer would cost, if it cost nothing else.
func (c *closureHouse) exported(b *testing.B) side {
	made := testenv.MakeClosure(c, c.n, c.n-1, "")
	store := testenv.Dir(b)
	c.run(exec.Command("nix", "--extra-experimental-features", "nix-command", "copy", "--no-check-sigs", "--from", c.cache.URL, "--to", store, made.Root))
	script := fmt.Sprintf("set -eu; nix-store --store %[1]s --export $(nix-store --store %[1]s -qR %[2]s) | gzip >%[1]s/exported.gz", store, made.Root)
	return side{run: func() { c.run(exec.Command("bash", "-c", script)) }}
}

// changed builds with one path that only the root needs replaced, and pushes.
func (c *closureHouse) changed(frontend, file, repository string, changes *int) side {
	return side{
		before: func() { *changes++; c.change(fmt.Sprint(*changes)) },
		run: func() {
			if c.locked && frontend == c.strata {
				c.lock()
			}
			c.build(frontend, c.dir, file, "type=image,push=true,name="+c.registry.Host+"/"+repository)
		},
	}
}

// BenchmarkClosure measures store paths from a binary cache beside a Dockerfile
// that copies the same store.
func BenchmarkClosure(b *testing.B) {
	h := newHouse(b)
	const against = "`COPY` of the store"
	for _, n := range []int{120, 300} {
		what := fmt.Sprintf("a closure of %d paths", n+1)
		for _, locked := range []bool{false, true} {
			how, name := what, fmt.Sprint(n)
			if locked {
				how, name = what+" with a lock", "locked"+name
			}
			b.Run("Cold"+name, func(b *testing.B) {
				c := newClosureHouse(b, h, n, locked)
				compare(b, Measure{Name: how + ", cold, to an OCI folder", Against: against, Time: 5 * time.Second},
					c.cold(c.strata, "first.yaml", "strata.yaml"), c.cold(c.dockerfile, "first.dockerfile", "copy.dockerfile"), side{})
			})
			b.Run("Cached"+name, func(b *testing.B) {
				c := newClosureHouse(b, h, n, locked)
				through := func(frontend, file string) side {
					return side{run: func() { c.build(frontend, c.dir, file, "type=image") }}
				}
				compare(b, Measure{Name: how + ", cached", Against: against, Time: 500 * time.Millisecond},
					through(c.strata, "strata.yaml"), through(c.dockerfile, "copy.dockerfile"), side{})
			})
			b.Run("Changed"+name, func(b *testing.B) {
				c, changes := newClosureHouse(b, h, n, locked), 0
				if locked {
					how += " that is written anew"
				}
				compare(b, Measure{Name: how + ", one leaf changed, pushed", Against: against, Ratio: 0.2},
					c.changed(c.strata, "strata.yaml", "closure"+name, &changes), c.changed(c.dockerfile, "copy.dockerfile", "copied"+name, &changes), side{})
			})
		}
		for _, flags := range []string{"", ",compression=zstd"} {
			b.Run(fmt.Sprint("Engine", n, flags), func(b *testing.B) {
				c := newClosureHouse(b, h, n, true)
				name := what + " with a lock, cold, to an OCI folder by the embedded engine"
				if flags != "" {
					name = "the same with zstd, " + fmt.Sprint(n+1) + " paths"
				}
				compare(b, Measure{Name: name, Against: "`nix-store --export` and gzip", Time: 5 * time.Second}, c.engine(b, flags), c.exported(b), side{})
			})
		}
		b.Run(fmt.Sprint("Bytes", n), func(b *testing.B) {
			c, changes := newClosureHouse(b, h, n, false), 0
			build := c.changed(c.strata, "strata.yaml", fmt.Sprint("bytes", n), &changes)
			build.once()
			before := c.layers(fmt.Sprint("bytes", n))
			build.once()
			after := c.layers(fmt.Sprint("bytes", n))
			record(b, Measure{Name: what + ", one leaf changed, bytes pushed", Against: "the image", Ratio: 0.01}, Figures{Bytes: more(before, after), AgainstBytes: more(nil, after)})
		})
	}
	for packed, pack := range map[string]string{"xz": "xz -6 --stdout", "zstd": "zstd --quiet --stdout"} {
		b.Run("Memory"+packed, func(b *testing.B) { helperMemory(b, packed, pack) })
	}
}

// helperMemory measures the step helper while it unpacks a path of a gigabyte.
func helperMemory(b *testing.B, packed, pack string) {
	dir := testenv.Dir(b)
	script := fmt.Sprintf("set -eu; cd %s; head -c 1G /dev/zero >file; nix-store --dump file >nar; sha256sum nar | cut -c1-64; stat -c %%s nar; %s nar >packed; rm file nar", dir, pack)
	out, err := exec.Command("bash", "-c", script).Output()
	if err != nil {
		b.Fatal(err)
	}
	sum := strings.Fields(string(out))
	item := strings.Join([]string{strings.Repeat("0", 32) + "-big", sum[0], sum[1], packed, filepath.Join(dir, "packed")}, ",")
	var f Figures
	for b.Loop() {
		out := testenv.Dir(b)
		f.Bytes = max(f.Bytes, peak(b, exec.Command(testenv.Binary(b, "strata-step", ""), "store", item, out)))
	}
	record(b, Measure{Name: "memory of the step helper with a path of 1 GB, packed with " + packed, Bytes: 128e6}, f)
}
