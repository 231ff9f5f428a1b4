// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// closureHouse is a project with a closure in both languages: a cache for Strata,
// a directory for a Dockerfile.
type closureHouse struct {
	*house
	dir, out string
	cache    *testenv.Files
	files    map[string][]byte
	n        int
	locked   bool
	// leaf is the index of the path that changes.
	leaf int
	made *testenv.MadeClosure
	// more is added to the build file's entry.
	more string
}

func newClosureHouse(b *testing.B, h *house, n int, locked bool, more string) *closureHouse {
	c := &closureHouse{house: h.in(b), more: more, dir: testenv.Dir(b), out: filepath.Join(testenv.Dir(b), "layout"), files: map[string][]byte{}, n: n, leaf: n - 1}
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

// change makes a closure in which one path that only the root needs is a new one.
func (c *closureHouse) change(salt string) {
	c.Helper()
	made := testenv.MakeClosure(c, c.n, c.leaf, salt)
	c.made = made
	maps.Copy(c.files, made.Cache)
	made.WriteStore(c, filepath.Join(c.dir, "store"))
	c.writeFloors()
	write(c, filepath.Join(c.dir, "strata.yaml"), fmt.Appendf(nil,
		"layers:\n  - derivation:\n      path: %s\n      substituters: [%q]\n      trusted_public_keys: [%q]\n%s", made.Root, c.cache.URL, made.Key, c.more))
}

// writeFloors writes the Dockerfiles that are the floors: one with the store in as many
// layers as a derivation layer gives it, and one of the path that changes.
func (c *closureHouse) writeFloors() {
	c.Helper()
	entries, err := os.ReadDir(filepath.Join(c.dir, "store"))
	if err != nil {
		c.Fatal(err)
	}
	var layers strings.Builder
	layers.WriteString("FROM scratch\n")
	each := (len(entries) + storeLayers - 1) / storeLayers
	for group := range slices.Chunk(entries, each) {
		layers.WriteString("COPY --link --parents")
		for _, e := range group {
			layers.WriteString(" store/./" + e.Name())
		}
		layers.WriteString(" /nix/store/\n")
	}
	write(c, filepath.Join(c.dir, "layers.dockerfile"), []byte(layers.String()))
	leaf := path.Base(c.made.Paths[c.leaf])
	write(c, filepath.Join(c.dir, "leaf.dockerfile"), []byte("FROM scratch\nCOPY --link store/"+leaf+" /nix/store/"+leaf+"\n"))
}

// storeLayers is how many layers a closure of 300 paths gets if nothing is said.
const storeLayers = 31

// lock writes the lock, or brings it up to date.
func (c *closureHouse) lock() {
	c.Helper()
	c.house.lock(c.dir, "strata")
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

// empty removes the directory that is written.
func (c *closureHouse) empty() {
	c.Helper()
	if err := os.RemoveAll(c.out); err != nil {
		c.Fatal(err)
	}
}

// changed builds with one path that only the root needs replaced, and pushes.
func (c *closureHouse) changed(frontend, file, repository string, changes *int) side {
	return side{
		before: func() { *changes++; c.change(fmt.Sprint(c.Name(), *changes)) },
		made:   func() string { return c.pushed(repository) },
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
		for _, way := range []struct {
			words, name, more string
			locked            bool
		}{
			{},
			{words: " with a lock", name: "locked", locked: true},
			{words: " by steps", name: "unlockedsteps", more: "      fetch: step\n"},
			{words: " by steps, with a lock", name: "steps", more: "      fetch: step\n", locked: true},
		} {
			how, name := what+way.words, way.name+fmt.Sprint(n)
			b.Run("Cold"+name, func(b *testing.B) {
				c := newClosureHouse(b, h, n, way.locked, way.more)
				compare(b, Measure{Name: how + ", cold, to an OCI directory", Against: against, Time: 5 * time.Second, Floor: "`COPY --link` of it in as many layers"},
					c.cold(c.strata, "first.yaml", "strata.yaml"), c.cold(c.dockerfile, "first.dockerfile", "copy.dockerfile"), c.cold(c.dockerfile, "first.dockerfile", "layers.dockerfile"))
			})
			b.Run("Cached"+name, func(b *testing.B) {
				c := newClosureHouse(b, h, n, way.locked, way.more)
				through := func(frontend, file string) side {
					return side{run: func() { c.build(frontend, c.dir, file, "type=image") }}
				}
				compare(b, Measure{Name: how + ", cached", Against: against, Time: 500 * time.Millisecond},
					through(c.strata, "strata.yaml"), through(c.dockerfile, "copy.dockerfile"), side{})
			})
			b.Run("Changed"+name, func(b *testing.B) {
				c, changes := newClosureHouse(b, h, n, way.locked, way.more), 0
				if way.locked {
					how += " that is written again"
				}
				compare(b, Measure{Name: how + ", one leaf changed, pushed", Against: against, Ratio: 0.2, Floor: "a Dockerfile of that one path, pushed"},
					c.changed(c.strata, "strata.yaml", "closure"+name, &changes), c.changed(c.dockerfile, "copy.dockerfile", "copied"+name, &changes),
					c.changed(c.dockerfile, "leaf.dockerfile", "leaf"+name, &changes))
			})
		}
		b.Run(fmt.Sprint("Bytes", n), func(b *testing.B) { changedBytes(b, newClosureHouse(b, h, n, false, "")) })
		b.Run(fmt.Sprint("Engine", n), func(b *testing.B) { closureByEngine(b, newClosureHouse(b, h, n, true, "")) })
	}
	for packed, pack := range map[string]string{"xz": "xz -6 --stdout", "zstd": "zstd --quiet --stdout"} {
		b.Run("Memory"+packed, func(b *testing.B) { helperMemory(b, packed, pack) })
	}
}
