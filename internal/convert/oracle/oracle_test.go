// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/strata-build/strata/internal/convert/dockerfile"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/spec"
)

var (
	dirs      = flag.String("dirs", "testdata", "directories whose Dockerfiles are converted and built, with commas between")
	idiomatic = flag.Bool("idiomatic", false, "convert as one writes build files, and compare which commands run")
)

func TestMain(m *testing.M) { testenv.Main(m) }

// bench is what all files are built with.
type bench struct {
	daemon   *testenv.Daemon
	buildx   *testenv.Buildx
	strata   *testenv.CLI
	recorder v1.Layer

	mu      sync.Mutex
	results map[string]int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	daemon := testenv.Shared(t)
	return &bench{daemon: daemon, buildx: testenv.NewBuildx(t, daemon), strata: testenv.Strata(t), recorder: recorderLayer(t), results: map[string]int{}}
}

// TestSameImages converts each Dockerfile faithfully and builds it and what it became.
func TestSameImages(t *testing.T) {
	b := newBench(t)
	files := dockerfiles(t)
	t.Run("group", func(t *testing.T) {
		for _, file := range files {
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				b.try(t, file)
			})
		}
	})
	t.Logf("init-oracle: %d Dockerfiles: %d refused with their line; %d equal, %d different; %d can't be built here",
		len(files), b.results["refused"], b.results["equal"], b.results["different"], b.results["not built"])
	if b.results["equal"] == 0 {
		t.Error("nothing was compared")
	}
}

// dockerfiles are the files to try.
func dockerfiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for dir := range strings.SplitSeq(*dirs, ",") {
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			name := strings.ToLower(d.Name())
			if err == nil && d.Type().IsRegular() && strings.Contains(name, "dockerfile") && !regexp.MustCompile(`ignore$|template|\.(md|go|sh|tmpl|py|json)$`).MatchString(name) {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(files)
	return files
}

// note counts an outcome, and tells it at once.
func (b *bench) note(t *testing.T, kind, format string, args ...any) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results[kind]++
	t.Logf("%s: %s", kind, fmt.Sprintf(format, args...))
}

// try converts one file and builds both.
func (b *bench) try(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	made, err := dockerfile.Convert(data, dockerfile.Options{Faithful: !*idiomatic})
	if err != nil {
		b.note(t, "refused", "%s: %v", file, err)
		return
	}
	if *idiomatic {
		withoutPackages(made.File)
	}
	text, err := made.File.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	s, err := spec.Parse("strata.yaml", text)
	if err != nil {
		b.note(t, "different", "%s: %v", file, err)
		t.Errorf("%v\n%s", err, text)
		return
	}
	w, err := b.world(data, made, s)
	if err != nil {
		t.Fatal(err)
	}
	if w.fetched != "" {
		b.note(t, "not built", "%s: fetches %s", file, w.fetched)
		return
	}
	b.compare(t, file, data, text, w)
}

// world is what a Dockerfile is built in: what it wants is in a conversion that leaves
// nothing out.
func (b *bench) world(data []byte, made *dockerfile.Result, s *spec.Spec) (*world, error) {
	w, err := newWorld(made.File, s)
	if err != nil || !*idiomatic {
		return w, err
	}
	if made, err = dockerfile.Convert(data, dockerfile.Options{Faithful: true}); err != nil {
		return nil, err
	}
	if s, err = spec.Parse("strata.yaml", made.BuildFile); err != nil {
		return nil, err
	}
	all, err := newWorld(made.File, s)
	if err != nil {
		return nil, err
	}
	all.directories = w.directories
	all.fetched += w.fetched
	return all, nil
}

func (b *bench) compare(t *testing.T, file string, data, text []byte, w *world) {
	dir := t.TempDir()
	context := filepath.Join(dir, "context")
	w.writeContext(t, context)
	args := []string{"--allow", "security.insecure", "--allow", "network.host"}
	base := w.writeBase(t, filepath.Join(dir, "base"), b.recorder)
	for image := range w.images {
		args = append(args, "--build-context", image+"="+base)
	}
	for id := range w.secrets {
		writeFile(t, filepath.Join(dir, "secret"), []byte("secret\n"))
		args = append(args, "--secret", "id="+id+",src="+filepath.Join(dir, "secret"))
	}
	data = regexp.MustCompile(`(?mi)^#\s*syntax\s*=.*$`).ReplaceAll(data, []byte("#")) // the daemon's own frontend
	writeFile(t, filepath.Join(dir, "Dockerfile"), data)
	writeFile(t, filepath.Join(dir, "strata.yaml"), text)
	theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	out, err := b.buildx.Build(append(args, "-f", filepath.Join(dir, "Dockerfile"), "-o", "type=oci,tar=false,dest="+theirs, "--provenance=false", context)...)
	if err != nil {
		b.note(t, "not built", "%s: the Dockerfile itself isn't: %s", file, lastError(out))
		return
	}
	got := b.strata.Run(t, append(append([]string{"build", "--addr", b.daemon.Addr, "-q"}, args...), "-f", filepath.Join(dir, "strata.yaml"), "-o", "type=oci,tar=false,dest="+ours, context)...)
	if got.Code != 0 {
		b.note(t, "different", "%s: %s", file, lastError(got.Stderr))
		t.Errorf("%s\n%s", got.Stderr, text)
		return
	}
	diff := ""
	if want, have := testenv.OpenLayout(t, theirs).Image(t, "amd64"), testenv.OpenLayout(t, ours).Image(t, "amd64"); *idiomatic {
		diff = differences(commands(t, want, w.directories, true), commands(t, have, w.directories, false))
	} else {
		diff = differences(listing(t, want), listing(t, have))
	}
	if diff != "" {
		b.note(t, "different", "%s", file)
		t.Errorf("the build file's image differs (-Dockerfile +build file):\n%s\n%s\n%s", diff, data, text)
		return
	}
	b.note(t, "equal", "%s", file)
}

// differences are the lines that only one of two lists has.
func differences(a, b []string) string {
	var out strings.Builder
	for _, line := range a {
		if !slices.Contains(b, line) {
			fmt.Fprintln(&out, "-"+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			fmt.Fprintln(&out, "+"+line)
		}
	}
	return out.String()
}

// lastError is the line of a build's output that says what went wrong.
func lastError(out string) string {
	last := ""
	for line := range strings.Lines(out) {
		if strings.Contains(strings.ToLower(line), "error") || strings.HasPrefix(line, "strata:") {
			last = strings.TrimSpace(line)
		}
	}
	if last == "" {
		return out
	}
	return last
}

// recorderLayer is the layer with the program that stands for all others.
func recorderLayer(t *testing.T) v1.Layer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "recorder")
	cmd := exec.Command("go", "build", "-o", file, "./recorder")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the recorder: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	packed := packed(t, []tar.Header{
		{Name: "usr/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "usr/bin/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "usr/bin/sh", Mode: 0o4755},
	}, map[string][]byte{"usr/bin/sh": data})
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil })
	if err != nil {
		t.Fatal(err)
	}
	return layer
}
