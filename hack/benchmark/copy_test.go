// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/testenv"
)

// noisy is an image of ten layers with 500 MB that do not compress.
func noisy(b *testing.B) v1.Image {
	b.Helper()
	image := testenv.Image(b, "amd64", v1.Config{})
	for i := range 10 {
		data := make([]byte, 50_000_000)
		_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(data)
		tar := testenv.Tar(b, []testenv.Entry{{Path: fmt.Sprintf("noise-%d", i), Data: data}})
		var err error
		image, err = mutate.AppendLayers(image, static.NewLayer(tar, types.OCIUncompressedLayer))
		if err != nil {
			b.Fatal(err)
		}
	}
	return image
}

// copier is one of the programs that copy images.
type copier struct {
	name string
	// pull copies to a new layout, push a layout to a repository.
	pull func(ref, dir string)
	push func(dir, ref string)
}

// BenchmarkCopy measures copies of a large image between a registry and layouts.
func BenchmarkCopy(b *testing.B) {
	r := testenv.NewRegistry(b, testenv.RegistryOptions{})
	ref := r.Push(b, "large:1", noisy(b))
	cli := testenv.Strata(b)
	strata := copier{
		"strata",
		func(ref, dir string) { cli.MustRun(b, "copy", "--progress=quiet", ref, "oci:"+dir+":1") },
		func(dir, ref string) { cli.MustRun(b, "copy", "--progress=quiet", "oci:"+dir+":1", ref) },
	}
	crane := copier{
		"crane",
		func(ref, dir string) { testenv.Output(b, "crane", "pull", "--insecure", "--format=oci", ref, dir) },
		func(dir, ref string) { testenv.Output(b, "crane", "push", "--insecure", dir, ref) },
	}
	skopeo := copier{
		"skopeo",
		func(ref, dir string) {
			testenv.Output(b, "skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false", "docker://"+ref, "oci:"+dir+":1")
		},
		func(dir, ref string) {
			testenv.Output(b, "skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "oci:"+dir+":1", "docker://"+ref)
		},
	}
	dir := testenv.Dir(b)
	for _, other := range []copier{crane, skopeo} {
		both := func(name, what string, limit float64, by func(copier) side) {
			b.Run(name+"/"+other.name, func(b *testing.B) {
				compare(b, Measure{Name: what + ", beside " + other.name, Against: other.name, Ratio: limit}, by(strata), by(other), side{})
			})
		}
		both("Round", "copy of 500 MB from a registry into a layout and back", 0.8, func(c copier) side { return thereAndBack(b, c, ref, r.Host, dir) })
		both("Again", "the same when all is there", 1, func(c copier) side { return again(b, c, ref, r.Host, dir) })
		both("Pull", "only from the registry into a layout", 0, func(c copier) side { return pulling(c, ref, dir) })
		both("Send", "only from a layout into an empty registry", 0, func(c copier) side { return sending(b, c, dir) })
	}
	b.Run("Memory", func(b *testing.B) {
		var f Figures
		for b.Loop() {
			for _, to := range []string{"oci:" + filepath.Join(testenv.Dir(b), "layout"), "docker-archive:" + filepath.Join(testenv.Dir(b), "tar")} {
				f.Bytes = max(f.Bytes, peak(b, cli.Command("copy", "--progress=quiet", ref, to)))
			}
		}
		record(b, Measure{Name: "memory of a copy of 500 MB", Bytes: 150_000_000}, f)
	})
}

// pulling copies into a layout that is not there.
func pulling(c copier, ref, dir string) side {
	to := filepath.Join(dir, c.name)
	return side{
		before: func() { _ = os.RemoveAll(to) }, // the copy fails when it stays
		run:    func() { c.pull(ref, to) },
	}
}

// thereAndBack copies into a layout that is not there, and from it into a repository that is
// not there.
func thereAndBack(b *testing.B, c copier, ref, host, dir string) side {
	pull, n, label := pulling(c, ref, dir), 0, host+"/"+filepath.Base(testenv.Dir(b))
	return side{
		before: func() { n++; pull.before() },
		run: func() {
			pull.run()
			c.push(filepath.Join(dir, c.name), fmt.Sprintf("%s/%s-%d:1", label, c.name, n))
		},
	}
}

// again is thereAndBack with the layout and the repository that are there.
func again(b *testing.B, c copier, ref, host, dir string) side {
	layout, to := filepath.Join(dir, c.name), host+"/"+c.name+"-again:1"
	index := filepath.Join(layout, "index.json")
	c.push(layout, to)
	before, err := os.ReadFile(index)
	if err != nil {
		b.Fatal(err)
	}
	return side{
		before: func() { write(b, index, before) }, // crane adds a second entry, and then pushes none
		run: func() {
			c.pull(ref, layout)
			write(b, index, before)
			c.push(layout, to)
		},
	}
}

// sending copies the layout of the last pull into a registry that is new each time.
func sending(b *testing.B, c copier, dir string) side {
	var r *testenv.Registry
	return side{
		before: func() { r = testenv.NewRegistry(b, testenv.RegistryOptions{}) },
		run:    func() { c.push(filepath.Join(dir, c.name), r.Host+"/app:1") },
	}
}

// BenchmarkIndex measures an index of 20 platforms.
func BenchmarkIndex(b *testing.B) {
	r := testenv.NewRegistry(b, testenv.RegistryOptions{})
	cli := testenv.Strata(b)
	var refs, flags []string
	for i := range 20 {
		image := testenv.Image(b, "amd64", v1.Config{}, []testenv.Entry{{Path: fmt.Sprint("file-", i), Data: []byte("x")}})
		config, err := image.ConfigFile()
		if err != nil {
			b.Fatal(err)
		}
		config = config.DeepCopy()
		config.OSVersion = fmt.Sprintf("1.%d", i)
		if image, err = mutate.ConfigFile(image, config); err != nil {
			b.Fatal(err)
		}
		ref := r.Push(b, fmt.Sprintf("platform-%d:1", i), image)
		refs, flags = append(refs, ref), append(flags, "-m", ref)
	}
	round := 0
	compare(b, Measure{Name: "index of 20 images from as many repositories", Against: "crane index append", Ratio: 1},
		side{run: func() {
			round++
			cli.MustRun(b, append([]string{"index", "create", fmt.Sprintf("%s/strata-%d:1", r.Host, round)}, refs...)...)
		}},
		side{run: func() {
			round++
			testenv.Output(b, "crane", append([]string{"index", "append", "--insecure", "-t", fmt.Sprintf("%s/crane-%d:1", r.Host, round)}, flags...)...)
		}}, side{})
}
