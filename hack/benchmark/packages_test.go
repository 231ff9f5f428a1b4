// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// The packages that are installed, with Python and without, and the one that is
// added.
func manyPackages() []string {
	return []string{"ca-certificates", "curl", "git", "jq", "nginx", "python3"}
}

func fewPackages() []string { return []string{"ca-certificates", "curl", "git", "jq", "nginx"} }

const addedPackage = "file"

// stepsExt is how the names of build files end in which steps fetch the packages.
const stepsExt = ".steps.yaml"

// How many vertices beside the base the packages are by steps, and by a source for each; those
// of 40 are in internal/e2e/testdata/vertices.txt.
const (
	stepsVertices   = 15
	sourcesVertices = stepsVertices + 47
)

// debian is a house with a Debian to install packages on.
type debian struct {
	*house
	dir string
}

// newDebian makes the build files of three sets of packages, each locked.
func newDebian(b *testing.B) *debian {
	h := newHouse(b)
	d := &debian{house: h}
	d.base = h.registry.Push(b, "debian:1", testenv.DebianImage(b))
	files := map[string]string{
		"warm.yaml": "layers: [{files: [{dest: /a, content: a}]}]\n", "warm" + stepsExt: "layers: [{files: [{dest: /a, content: a}]}]\n",
		"warm.dockerfile": "FROM scratch\nCOPY warm.yaml /a\n", "steps.dockerfile": instructions(stepsVertices), "sources.dockerfile": instructions(sourcesVertices),
	}
	for name, set := range map[string][]string{
		"many": manyPackages(), "few": fewPackages(), "added": append(manyPackages(), addedPackage),
	} {
		files[name+stepsExt] = "args: {BASE: null}\nfrom: $BASE\nlayers:\n  - packages: {fetch: step, names: [" + strings.Join(set, ", ") + "]}\n"
		files[name+".yaml"] = "args: {BASE: null}\nfrom: $BASE\nlayers:\n  - packages: [" + strings.Join(set, ", ") + "]\n"
		files[name+".dockerfile"] = `ARG BASE
FROM $BASE
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ` + strings.Join(set, " ") + "\n"
	}
	d.dir = project(b, files)
	for _, name := range []string{"many", "few", "added"} {
		d.lock(d.dir, name)
		d.lock(d.dir, name+strings.TrimSuffix(stepsExt, ".yaml"))
	}
	return d
}

// cold is a side that builds without any cache but the frontend.
func (d *debian) cold(frontend, ext, name, output string) side {
	return side{
		before: func() {
			d.prune()
			d.build(frontend, d.dir, "warm"+ext, "")
		},
		run: func() { d.build(frontend, d.dir, name+ext, output) },
	}
}

// coldly is [debian.cold] for a frontend and the build files that it reads.
func (d *debian) coldly(name, output string) func(frontend, ext string) side {
	return func(frontend, ext string) side { return d.cold(frontend, ext, name, output) }
}

// cached is a side of which everything is cached.
func (d *debian) cached(frontend, ext string) side {
	return side{run: func() { d.build(frontend, d.dir, "many"+ext, "") }}
}

// cachedFloor is a Dockerfile of which everything is cached, and which has as many vertices
// as packages with such build files; nothing where that isn't measured.
func (d *debian) cachedFloor(measure string) side {
	file, ok := map[string]string{"CachedSteps": "steps.dockerfile", "Cached": "sources.dockerfile"}[measure]
	if !ok {
		return side{}
	}
	return side{run: func() { d.build(d.dockerfile, d.dir, file, "") }}
}

// after is a side that builds when something was built before.
func (d *debian) after(frontend, ext, name, output string, change func()) side {
	cold := d.cold(frontend, ext, "many", output)
	return side{
		before: func() {
			d.base = d.registry.Push(d, "debian:1", testenv.DebianImage(d))
			cold.before()
			cold.run()
			change()
		},
		run: func() { d.build(frontend, d.dir, name+ext, output) },
	}
}

// newBase puts another image in the place of the base.
func (d *debian) newBase() {
	d.registry.Push(d, "debian:1", testenv.DebianImage(d, []testenv.Entry{{Path: "etc/"}, {Path: "etc/new", Data: []byte("new\n")}}))
}

// BenchmarkPackages measures how packages get onto a Debian, against a Dockerfile
// whose apt has cache mounts.
func BenchmarkPackages(b *testing.B) {
	d := newDebian(b)
	archive := "type=oci,dest=" + filepath.Join(testenv.Dir(b), "image.tar")
	nothing := func() {}
	const against = "Dockerfile with apt cache mounts"
	for _, c := range []struct {
		name, what string
		ratio      float64
		sides      func(frontend, ext string) side
		ext        string
	}{
		{"Cold", "6 packages with Python on Debian, cold", 0.5, d.coldly("many", ""), ".yaml"},
		{"ColdArchive", "6 packages with Python, cold, with an OCI archive", 0.58, d.coldly("many", archive), ".yaml"},
		{"ColdSteps", "6 packages with Python by steps, cold, with an OCI archive", 0.58, d.coldly("many", archive), stepsExt},
		{"Few", "5 packages without Python, cold", 0.4, d.coldly("few", ""), ".yaml"},
		{"FewArchive", "5 packages without Python, cold, with an OCI archive", 0.45, d.coldly("few", archive), ".yaml"},
		{"Added", "one package added, with an OCI archive", 0.38, func(f, ext string) side { return d.after(f, ext, "added", archive, nothing) }, ".yaml"},
		{"AddedSteps", "one package added by steps, with an OCI archive", 0.38, func(f, ext string) side { return d.after(f, ext, "added", archive, nothing) }, stepsExt},
		{"NewBase", "a new base, with an OCI archive", 0.36, func(f, ext string) side { return d.after(f, ext, "many", archive, d.newBase) }, ".yaml"},
		{"Cached", "packages, all cached", 1.2, d.cached, ".yaml"},
		{"CachedSteps", "packages by steps, all cached", 1, d.cached, stepsExt},
	} {
		b.Run(c.name, func(b *testing.B) {
			d.house = d.in(b)
			m, floor := Measure{Name: c.what, Against: against, Ratio: c.ratio}, d.cachedFloor(c.name)
			if floor.run != nil {
				m.Floor = "Dockerfile of as many vertices"
			}
			compare(b, m, c.sides(d.strata, c.ext), c.sides(d.dockerfile, ".dockerfile"), floor)
		})
	}
	b.Run("Bytes", func(b *testing.B) {
		d.house = d.in(b)
		ours := d.addedBytes(d.strata, ".yaml")
		theirs := d.addedBytes(d.dockerfile, ".dockerfile")
		record(b, Measure{Name: "one package added, bytes pushed", Against: against, Ratio: 0.15}, Figures{Bytes: ours, AgainstBytes: theirs})
	})
}

// addedBytes is how many bytes are pushed for one package more.
func (d *debian) addedBytes(frontend, ext string) int64 {
	var sizes []map[string]int64
	for _, name := range []string{"many", "added"} {
		repository := "bytes" + ext[1:] + "/" + name
		d.build(frontend, d.dir, name+ext, "type=image,push=true,name="+d.registry.Host+"/"+repository)
		sizes = append(sizes, d.layers(repository))
	}
	return more(sizes[0], sizes[1])
}
