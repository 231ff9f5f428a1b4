// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/strata-build/strata/internal/testenv"
)

// BenchmarkExport flattens an image of ten layers and 500 MB.
func BenchmarkExport(b *testing.B) {
	registry := testenv.NewRegistry(b, testenv.RegistryOptions{})
	ref := registry.Push(b, "layers:1", manyFileLayers(b))
	layout := filepath.Join(testenv.Dir(b), "layout") + ":latest"
	testenv.Output(b, "skopeo", "copy", "--quiet", "--src-tls-verify=false", "--insecure-policy", "docker://"+ref, "oci:"+layout)
	cli := testenv.Strata(b)
	d := newDisk(b, filepath.Join(testenv.Dir(b), "disk"))
	out := filepath.Join(d.at, "out")
	clean := func() { d.renew(b) }
	b.Run("Tar", func(b *testing.B) {
		compare(b, Measure{Name: "export of 500 MB in 10 layers from a registry to a tar", Against: "`crane export`", Ratio: 0.8},
			side{before: clean, run: func() { cli.MustRun(b, "export", ref, "-o", "type=tar,dest="+out) }},
			side{before: clean, run: func() { testenv.Output(b, "crane", "export", "--insecure", ref, out) }}, side{})
	})
	b.Run("Directory", func(b *testing.B) {
		compare(b, Measure{Name: "the same from a layout to a directory", Against: "`umoci unpack`", Ratio: 0.5},
			side{before: clean, run: func() { cli.MustRun(b, "export", "oci:"+layout, "-o", out) }},
			side{before: clean, run: func() { testenv.Output(b, "umoci", "unpack", "--image", layout, out) }}, side{})
	})
	b.Run("Memory", func(b *testing.B) {
		var f Figures
		for b.Loop() {
			clean()
			f.Bytes = max(f.Bytes, peak(b, cli.Command("export", ref, "-o", "type=tar,dest="+out)))
		}
		record(b, Measure{Name: "memory of that export", Bytes: 150e6}, f)
	})
}

// manyFileLayers is an image of files that compress to a half, each layer with a file
// of the one before replaced.
func manyFileLayers(b *testing.B) v1.Image {
	b.Helper()
	const layers, files, size = 10, 1000, 50_000
	image := testenv.Image(b, "amd64", v1.Config{})
	for l := range layers {
		entries := []testenv.Entry{{Path: "./"}, {Path: "shared", Data: []byte{byte(l)}}, {Path: fmt.Sprintf("%d/", l)}}
		for f := range files {
			data := []byte(hex.EncodeToString(noise(size/2, uint64(l*files+f))))
			entries = append(entries, testenv.Entry{Path: fmt.Sprintf("%d/%d", l, f), Data: data})
		}
		all, err := testenv.Image(b, "amd64", v1.Config{}, entries).Layers()
		if err != nil {
			b.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, all...); err != nil {
			b.Fatal(err)
		}
	}
	return image
}
