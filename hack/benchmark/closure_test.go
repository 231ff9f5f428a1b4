// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
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
}

func newClosureHouse(b *testing.B, h *house, n int) *closureHouse {
	c := &closureHouse{house: h.in(b), dir: testenv.Dir(b), out: filepath.Join(testenv.Dir(b), "layout"), files: map[string][]byte{}, n: n}
	c.cache = testenv.FileServer(b, c.files)
	write(b, filepath.Join(c.dir, "copy.dockerfile"), []byte("FROM scratch\nCOPY store /nix/store\n"))
	write(b, filepath.Join(c.dir, "first.yaml"), []byte("layers: [{files: [{dest: /a, content: a}]}]\n"))
	write(b, filepath.Join(c.dir, "first.dockerfile"), []byte("FROM scratch\nCOPY first.yaml /a\n"))
	c.change("")
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

func (c *closureHouse) cold(frontend, warm, file string) side {
	return side{
		before: func() {
			c.prune()
			if err := os.RemoveAll(c.out); err != nil {
				c.Fatal(err)
			}
			c.build(frontend, c.dir, warm, "")
		},
		run: func() { c.build(frontend, c.dir, file, "type=oci,tar=false,dest="+c.out) },
	}
}

// BenchmarkClosure measures store paths from a binary cache beside a Dockerfile
// that copies the same store.
func BenchmarkClosure(b *testing.B) {
	h := newHouse(b)
	for _, n := range []int{120, 300} {
		what := fmt.Sprintf("a closure of %d paths", n+1)
		b.Run(fmt.Sprint("Cold", n), func(b *testing.B) {
			c := newClosureHouse(b, h, n)
			compare(b, Measure{Name: what + ", cold, to an OCI folder", Against: "`COPY` of the store", Time: 5 * time.Second},
				c.cold(c.strata, "first.yaml", "strata.yaml"), c.cold(c.dockerfile, "first.dockerfile", "copy.dockerfile"), side{})
		})
		for _, locked := range []bool{false, true} {
			name, how := "Cached", what+", cached"
			if locked {
				name, how = "Locked", what+", cached, with a lock"
			}
			b.Run(fmt.Sprint(name, n), func(b *testing.B) {
				c := newClosureHouse(b, h, n)
				if locked {
					testenv.Strata(b).MustRun(b, "lock", "--addr", c.daemon.Addr, c.dir)
				}
				through := func(frontend, file string) side {
					return side{run: func() { c.build(frontend, c.dir, file, "type=image") }}
				}
				compare(b, Measure{Name: how, Against: "`COPY` of the store", Time: 500 * time.Millisecond},
					through(c.strata, "strata.yaml"), through(c.dockerfile, "copy.dockerfile"), side{})
			})
		}
		b.Run(fmt.Sprint("Changed", n), func(b *testing.B) {
			c := newClosureHouse(b, h, n)
			changes := 0
			through := func(frontend, file, repository string) side {
				return side{
					before: func() { changes++; c.change(fmt.Sprint(changes)) },
					run: func() {
						c.build(frontend, c.dir, file, "type=image,push=true,name="+c.registry.Host+"/"+repository)
					},
				}
			}
			compare(b, Measure{Name: what + ", one leaf changed, pushed", Against: "`COPY` of the store", Ratio: 0.2},
				through(c.strata, "strata.yaml", fmt.Sprint("closure", n)), through(c.dockerfile, "copy.dockerfile", fmt.Sprint("copied", n)), side{})
		})
	}
}
