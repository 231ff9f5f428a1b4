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
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// frontendMemory is the most that the frontend's process may have, in bytes.
const frontendMemory = 100e6

// BenchmarkContext measures a context of very many files, all of them in one layer, and
// one of them changed.
func BenchmarkContext(b *testing.B) {
	h := newHouse(b)
	dir := project(b, map[string]string{
		"strata.yaml":     "args: {BASE: null}\nfrom: $BASE\nlayers:\n  - files: [{dest: /srv, source: tree}]\n",
		"copy.dockerfile": "ARG BASE\nFROM $BASE\nCOPY --link tree /srv\n",
	})
	const dirs, files = 2000, 50
	for i := range dirs {
		for j := range files {
			write(b, filepath.Join(dir, "tree", fmt.Sprintf("%04d", i), fmt.Sprint(j)), fmt.Appendf(nil, "file %d of %d\n", j, i))
		}
	}
	what := fmt.Sprintf("a context of %d files in %d directories", dirs*files, dirs)
	b.Run("Cached", func(b *testing.B) {
		h := h.in(b)
		through := func(frontend, file string) side { return side{run: func() { h.build(frontend, dir, file, "") }} }
		compare(b, Measure{Name: what + ", cached", Against: "`COPY --link`", Ratio: 1},
			through(h.strata, "strata.yaml"), through(h.dockerfile, "copy.dockerfile"), side{})
	})
	b.Run("Changed", func(b *testing.B) {
		h, changes := h.in(b), 0
		// changed is a side that builds what it had built before a file changed, and pushes.
		changed := func(repository string, build func(output string)) side {
			return side{
				before: func() { // with few files left: so many of each round take all that a disk can have
					h.prune()
					build("")
					changes++
					write(h, filepath.Join(dir, "tree", "1000", "25"), fmt.Appendf(nil, "change %d\n", changes))
				},
				made: func() string { return h.pushed(repository) },
				run:  func() { build("type=image,push=true,name=" + h.registry.Host + "/" + repository) },
			}
		}
		through := func(frontend, file, repository string) side {
			return changed(repository, func(output string) { h.build(frontend, dir, file, output) })
		}
		compare(b, Measure{Name: what + ", one changed, pushed", Against: "`COPY --link`", Ratio: 0.9, Floor: "its graph, without a frontend"},
			through(h.strata, "strata.yaml", "context"), through(h.dockerfile, "copy.dockerfile", "copied"),
			changed("graph", func(output string) { h.definition(h.manyFiles(), dir, output).run() }))
	})
	h.memory(b, what, dir, "strata.yaml")
}

// memory measures the frontend's process in a build.
func (h *house) memory(b *testing.B, what, dir, file string) {
	b.Run("Memory", func(b *testing.B) {
		h, f := h.in(b), Figures{}
		for b.Loop() {
			stop := watch("strata-frontend")
			h.build(h.strata, dir, file, "")
			f.Bytes = max(f.Bytes, stop())
		}
		if f.Bytes == 0 {
			b.Fatal("no process of the frontend was seen")
		}
		record(b, Measure{Name: what + ", memory of the frontend", Bytes: frontendMemory}, f)
	})
}

// watch returns the function that ends looking for processes of a name, and gives the
// most memory that one of them had, in bytes.
func watch(name string) func() int64 {
	stop, most := make(chan struct{}), make(chan int64)
	go func() {
		var seen int64
		for {
			select {
			case <-stop:
				most <- seen
				return
			case <-time.After(2 * time.Millisecond):
				seen = max(seen, highWaterOf(name))
			}
		}
	}()
	return func() int64 { close(stop); return <-most }
}

// highWaterOf is the most memory that a process of that name had so far, in bytes.
func highWaterOf(name string) int64 {
	var most int64
	all, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, file := range all {
		if comm, _ := os.ReadFile(file); strings.TrimSpace(string(comm)) == name {
			var pid int
			_, _ = fmt.Sscanf(file, "/proc/%d/", &pid)
			most = max(most, highWater(pid))
		}
	}
	return most
}

// BenchmarkLayers measures an image of many layers of which all are cached.
func BenchmarkLayers(b *testing.B) {
	h := newHouse(b)
	const each = 40
	var layers, instructions strings.Builder
	files := map[string]string{}
	for i := range each {
		files[fmt.Sprintf("src/%d", i)] = fmt.Sprint("source ", i, "\n")
		fmt.Fprintf(&layers, "  - files: [{dest: /srv/%d, source: src/%d}]\n", i, i)
		fmt.Fprintf(&layers, "  - build: {run: 'mkdir -p $out/opt && echo %d > $out/opt/%d'}\n", i, i)
		fmt.Fprintf(&layers, "  - files: [{dest: /etc/made/%d, content: \"%d\\n\", mode: \"0640\"}]\n", i, i)
		fmt.Fprintf(&instructions, "COPY --link src/%d /srv/%d\nRUN mkdir -p /opt && echo %d > /opt/%d\nCOPY --link --chmod=0640 src/%d /etc/made/%d\n", i, i, i, i, i, i)
	}
	files["strata.yaml"] = "args: {BASE: null}\nfrom: $BASE\nlayers:\n" + layers.String()
	files["many.dockerfile"] = "ARG BASE\nFROM $BASE\n" + instructions.String()
	dir := project(b, files)
	what := fmt.Sprintf("an image of %d layers", 3*each)
	b.Run("Cached", func(b *testing.B) {
		h := h.in(b)
		through := func(frontend, file string) side { return side{run: func() { h.build(frontend, dir, file, "") }} }
		compare(b, Measure{Name: what + ", cached", Against: "Dockerfile with as many instructions", Ratio: 1, Floor: "its graph, without a frontend"},
			through(h.strata, "strata.yaml"), through(h.dockerfile, "many.dockerfile"), h.definition(h.manyLayers(each), dir, ""))
	})
	h.memory(b, what, dir, "strata.yaml")
}

// BenchmarkTargets measures many targets that share what they stand on, beside bake.
func BenchmarkTargets(b *testing.B) {
	h := newHouse(b)
	const targets = 20
	var yaml, stages, bake strings.Builder
	files := map[string]string{}
	var names []string
	for i := range targets {
		name := fmt.Sprint("app", i)
		names = append(names, fmt.Sprintf("%q", name))
		files[fmt.Sprintf("src/%d", i)] = fmt.Sprint("source ", i, "\n")
		fmt.Fprintf(&yaml, "  %s:\n    from: target:shared\n    layers:\n      - files: [{dest: /srv/app, source: src/%d}]\n      - build: {run: 'echo %d > /etc/app'}\n", name, i, i)
		fmt.Fprintf(&stages, "FROM shared AS %s\nCOPY --link src/%d /srv/app\nRUN echo %d > /etc/app\n", name, i, i)
		fmt.Fprintf(&bake, "target %q {\n  dockerfile = \"many.dockerfile\"\n  target = %q\n  args = { BASE = %q }\n  output = [\"type=cacheonly\"]\n}\n", name, name, h.base)
	}
	const shared = "  shared:\n    from: $BASE\n    layers:\n      - files: [{dest: /opt/shared, source: shared}]\n      - build: {run: echo shared > /etc/shared}\n"
	files["strata.yaml"] = "args: {BASE: null}\ntargets:\n" + shared + yaml.String()
	files["many.dockerfile"] = "ARG BASE\nFROM $BASE AS shared\nCOPY --link shared /opt/shared\nRUN echo shared > /etc/shared\n" + stages.String()
	files["docker-bake.hcl"] = bake.String() + "group \"default\" { targets = [" + strings.Join(names, ", ") + "] }\n"
	files["shared"] = "shared\n"
	dir := project(b, files)
	buildx, strata := testenv.NewBuildx(b, h.daemon), testenv.Binary(b, "strata", "")
	ours := func() {
		h.run(exec.Command(strata, "build", "--addr", h.daemon.Addr, "--all", "--progress=plain", "--build-arg", "BASE="+h.base, dir))
	}
	theirs := func() {
		cmd := buildx.Command("buildx", "bake", "--progress=plain")
		cmd.Dir = dir
		h.run(cmd)
	}
	what := fmt.Sprintf("%d targets that share steps", targets)
	const floor = "their graphs, without a frontend"
	b.Run("Cached", func(b *testing.B) {
		compare(b, Measure{Name: what + ", cached", Against: "bake with as many", Ratio: 1, Floor: floor},
			side{before: settle, run: ours}, side{before: settle, run: theirs}, h.in(b).settled(targets, dir, settle))
	})
	b.Run("Changed", func(b *testing.B) {
		changes := 0
		change := func() {
			changes++
			write(b, filepath.Join(dir, "src/7"), fmt.Appendf(nil, "change %d\n", changes))
			settle()
		}
		compare(b, Measure{Name: what + ", one leaf changed", Against: "bake with as many", Ratio: 1, Floor: floor},
			side{before: change, run: ours}, side{before: change, run: theirs}, h.in(b).settled(targets, dir, change))
	})
}

// settle waits until the daemon has written down how the builds before went: three seconds
// after each it writes a trace, and those of bake have all of its targets.
func settle() { time.Sleep(4 * time.Second) }

// settled is the floor of [BenchmarkTargets].
func (h *house) settled(targets int, dir string, before func()) side {
	s := h.definitions(h.manyTargets(targets), dir)
	s.before = before
	return s
}
