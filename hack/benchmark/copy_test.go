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
		b.Run("Pull/"+other.name, func(b *testing.B) {
			compare(b, Measure{Name: "copy of 500 MB from a registry into a layout, beside " + other.name, Against: other.name, Ratio: 0.8},
				pulling(strata, ref, dir), pulling(other, ref, dir), side{})
		})
		b.Run("Push/"+other.name, func(b *testing.B) {
			compare(b, Measure{Name: "copy of 500 MB from that layout back into the registry, beside " + other.name, Against: other.name, Ratio: 0.8},
				pushing(b, strata, r.Host, dir, true), pushing(b, other, r.Host, dir, true), side{})
		})
		b.Run("Send/"+other.name, func(b *testing.B) {
			compare(b, Measure{Name: "copy of 500 MB from a layout into an empty registry, beside " + other.name, Against: other.name},
				sending(b, strata, dir), sending(b, other, dir), side{})
		})
		b.Run("Again/"+other.name, func(b *testing.B) {
			compare(b, Measure{Name: "the same when all is there, beside " + other.name, Against: other.name, Ratio: 1},
				pushing(b, strata, r.Host, dir, false), pushing(b, other, r.Host, dir, false), side{})
		})
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

// pushing copies the layout of the last pull into a repository that is fresh each
// time, or always the same.
func pushing(b *testing.B, c copier, host, dir string, fresh bool) side {
	round, label := 0, host+"/"+filepath.Base(testenv.Dir(b))
	return side{
		before: func() {
			if fresh {
				round++
			}
		},
		run: func() {
			c.push(filepath.Join(dir, c.name), fmt.Sprintf("%s/%s-%d:1", label, c.name, round))
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
