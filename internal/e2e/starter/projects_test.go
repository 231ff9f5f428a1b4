// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

var (
	moved  = flag.String("projects", "testdata/moved:Dockerfile:app.sh", "projects with Dockerfiles, as DIRECTORY:DOCKERFILE:SOURCE with commas between")
	rounds = flag.Int("rounds", 0, "how often each project is built again after a change of its source, in both ways in turn, to compare how long it takes")
)

// project is one that has a Dockerfile.
type project struct {
	*testing.T
	b      *bench
	daemon *testenv.Daemon
	buildx *testenv.Buildx
	// dir is a copy of it, and contexts are the flags with what stands for its bases.
	dir, dockerfile, source string
	contexts                []string
}

// TestMovedProjects turns the Dockerfile of each project into a build file, and builds
// both: what differs in the images has a reason. Both are built by buildx, the build file
// by the frontend's image; with -rounds once more after each change of a source.
func TestMovedProjects(t *testing.T) {
	b := newBench(t)
	daemon := testenv.Shared(t)
	buildx := testenv.NewBuildx(t, daemon)
	frontend := testenv.SharedFrontend(t)
	for one := range strings.SplitSeq(*moved, ",") {
		words := strings.Split(one, ":")
		if len(words) != 3 {
			t.Fatalf("%q isn't DIRECTORY:DOCKERFILE:SOURCE", one)
		}
		t.Run(filepath.Base(words[0]), func(t *testing.T) {
			b.cli.Until = time.Now().Add(*limit)
			p := &project{T: t, b: b, daemon: daemon, buildx: buildx, dir: filepath.Join(testenv.Dir(t), filepath.Base(words[0])), dockerfile: words[1], source: words[2]}
			if err := os.CopyFS(p.dir, os.DirFS(words[0])); err != nil {
				t.Fatal(err)
			}
			p.useOwnFrontend()
			p.convert()
			p.useFrontend(frontend)
			p.measure()
		})
	}
}

// useOwnFrontend leaves the daemon's own frontend to read the Dockerfile.
func (p *project) useOwnFrontend() {
	p.Helper()
	file := filepath.Join(p.dir, p.dockerfile)
	text, err := os.ReadFile(file)
	if err != nil {
		p.Fatal(err)
	}
	text = regexp.MustCompile(`(?mi)^#\s*syntax\s*=.*$`).ReplaceAll(text, []byte("#"))
	if err := os.WriteFile(file, text, 0o644); err != nil {
		p.Fatal(err)
	}
}

// convert writes the build file, and has the images compared.
func (p *project) convert() {
	p.Helper()
	dockerfile := filepath.Join(p.dir, p.dockerfile)
	r := p.b.cli.MustRun(p.T, "init", "-f", dockerfile, p.dir)
	p.Logf("what is told of it:\n%s", r.Stderr)
	text, err := os.ReadFile(filepath.Join(p.dir, "strata.yaml"))
	if err != nil {
		p.Fatal(err)
	}
	p.Logf("the build file:\n%s", text)
	p.contexts = p.b.contexts(p.T, string(text))
	args := append([]string{"init", "--force", "--check", "--addr", p.daemon.Addr, "--progress", "plain", "-f", dockerfile}, p.contexts...)
	if r = p.b.cli.Run(p.T, append(args, p.dir)...); r.Code != 0 {
		p.Fatalf("init --check: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	p.Logf("what differs:\n%s", r.Stdout)
}

// useFrontend lets the build file name the frontend's image of this tree.
func (p *project) useFrontend(image string) {
	p.Helper()
	file := filepath.Join(p.dir, "strata.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		p.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(file, []byte("# syntax="+image+"\n"+rest), 0o644); err != nil {
		p.Fatal(err)
	}
}

// build builds one of the two files by buildx, and says how long it took.
func (p *project) build(file string) time.Duration {
	p.Helper()
	dest := filepath.Join(testenv.Dir(p.T), "image.tar")
	args := slices.Concat(p.contexts, []string{"-f", filepath.Join(p.dir, file), "--provenance=false", "-o", "type=oci,dest=" + dest, p.dir})
	start := time.Now()
	p.buildx.MustBuild(p.T, args...)
	took := time.Since(start)
	if err := os.Remove(dest); err != nil {
		p.Fatal(err)
	}
	return took
}

// measure builds both files, and again after each change of the source.
func (p *project) measure() {
	p.Helper()
	files := []string{p.dockerfile, "strata.yaml"}
	for _, file := range files {
		p.build(file)
	}
	var took [2][]time.Duration
	comment := "//"
	if strings.HasSuffix(p.source, ".sh") {
		comment = "#"
	}
	for n := range *rounds {
		text, err := os.ReadFile(filepath.Join(p.dir, p.source))
		if err != nil {
			p.Fatal(err)
		}
		text = fmt.Appendf(text, "%s changed %d\n", comment, n)
		if err := os.WriteFile(filepath.Join(p.dir, p.source), text, 0o644); err != nil {
			p.Fatal(err)
		}
		for i := range files {
			side := (i + n) % len(files)
			took[side] = append(took[side], p.build(files[side]))
		}
	}
	if *rounds == 0 {
		return
	}
	theirs, ours := median(took[0]), median(took[1])
	p.Logf("init-projects: %s: no difference without a reason; after a change of %s %.1f s, the Dockerfile %.1f s: %.2f", filepath.Base(p.dir), p.source, ours.Seconds(), theirs.Seconds(), ours.Seconds()/theirs.Seconds())
}

func median(all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}
