// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"bytes"
	"context"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	fstypes "github.com/tonistiigi/fsutil/types"
	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

// world stands for a daemon: one base image with known directories.
type world struct{ files map[string]os.FileMode }

func newWorld() world {
	return world{files: map[string]os.FileMode{
		"/bin": os.ModeSymlink, "/lib": os.ModeSymlink, "/usr": os.ModeDir | 0o755, "/usr/bin": os.ModeDir | 0o755,
		"/usr/lib": os.ModeDir | 0o755, "/tmp": os.ModeDir | os.ModeSticky | 0o777, "/root": os.ModeDir | 0o700,
		"/dev": os.ModeDir | 0o755, "/proc": os.ModeDir | 0o555, "/sys": os.ModeDir | 0o555,
		"/etc": os.ModeDir | 0o755, "/srv": os.ModeDir | 0o755, "/srv/app": os.ModeDir | 0o755,
		// What literal-names.txtar has under the names that it means literally.
		"/app": os.ModeDir | 0o755, "/app/[id]": os.ModeDir | 0o755, "/page": 0o644, "/[id]": os.ModeDir | 0o755, "/f": 0o644, "/un[closed": 0o644,
		// What one-match.txtar has.
		"/index-4f.html": 0o644, "/assets-7": os.ModeDir | 0o755, "/app-2.0.jar": 0o644, "/rules.mk": 0o644,
	}}
}

func (world) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	img := &dockerspec.DockerOCIImage{}
	img.OS, img.Architecture = "linux", "amd64"
	img.Config.Env = []string{"PATH=/usr/bin:/bin"}
	img.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("base")}}
	return t, img, nil
}

func (world) Tree(_ context.Context, t plan.Tree) (bk.State, error) {
	if t.Kind == plan.Main {
		return bk.Local("context", bk.SessionID("session")), nil
	}
	if t.Kind == plan.Dockerfile {
		return bk.Local("dockerfile:"+t.Name, bk.SessionID("session")), nil
	}
	return bk.Image(t.Name, bk.LinuxAmd64), nil
}

func (w world) List(_ context.Context, _ bk.State, dir string) ([]*fstypes.Stat, error) {
	var out []*fstypes.Stat
	for name, mode := range w.files {
		if path.Dir(name) != path.Clean(dir) {
			continue
		}
		st := &fstypes.Stat{Path: path.Base(name), Mode: uint32(mode)}
		if mode&os.ModeSymlink != 0 {
			st.Linkname = "usr" + name
		}
		if name == "/srv/app" {
			st.Uid, st.Gid = 1000, 1000
		}
		out = append(out, st)
	}
	return out, nil
}

func (world) Open(context.Context, bk.State) (tree.Tree, error) { return accounts{}, nil }

// accounts are the files that name users.
type accounts struct{}

func (accounts) ReadDir(context.Context, string) ([]string, error) { return nil, nil }

func (accounts) ReadFile(_ context.Context, file string) ([]byte, error) {
	if file == "/etc/passwd" {
		return []byte("app:x:1000:1000::/srv/app:/bin/sh\n"), nil
	}
	return nil, fs.ErrNotExist
}

func (world) step(arch string) (bk.State, string, error) {
	return bk.Local("strata-step", bk.SessionID("session")), "/strata-step-" + arch, nil
}

// graph plans and lowers a build file in that world.
func graph(t *testing.T, data []byte, chain bool) *bk.Definition {
	t.Helper()
	return graphWith(t, data, chain, newWorld().step)
}

// graphWith is graph with the step helper from elsewhere.
func graphWith(t *testing.T, data []byte, chain bool, step func(arch string) (bk.State, string, error)) *bk.Definition {
	t.Helper()
	s, err := spec.Parse("strata.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	p, err := strategy.Plan(context.Background(), strategy.Request{
		Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: w,
		BuildArgs: map[string]string{"BASE": "registry.example.org/base:1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := llb.Lower(context.Background(), p, llb.Options{
		Sources: w, Prober: w, Step: step, BuildPlatform: amd64, Chain: chain,
		SourceMap: bk.NewSourceMap(nil, "strata.yaml", "YAML", data),
	})
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.State.Marshal(context.Background(), bk.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// cases returns the build files of testdata/cases by name.
func cases(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no cases: %v", err)
	}
	out := map[string][]byte{}
	for _, file := range files {
		arch, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(arch.Files, func(f txtar.File) bool { return f.Name == "strata.yaml" })
		out[strings.TrimSuffix(filepath.Base(file), ".txtar")] = arch.Files[i].Data
	}
	return out
}

// TestGraphs compares the graph of every case, as text, with the one that a
// person has read.
func TestGraphs(t *testing.T) {
	for name, data := range cases(t) {
		for kind, chain := range map[string]bool{"merge": false, "chain": true} {
			if name == "changed" && chain {
				continue // it needs a daemon that can diff
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				var text bytes.Buffer
				if err := llb.Dump(&text, graph(t, data, chain)); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", "graphs", name+"."+kind)
				if *update {
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatalf("read golden: %v; make it with -update", err)
				}
				if diff := cmp.Diff(string(want), text.String()); diff != "" {
					t.Errorf("graph of %s (-want +got):\n%s", name, diff)
				}
			})
		}
	}
}

// TestGraphsAreTheSameEveryTime lowers every case many times: Go walks maps in
// another order each time, and a graph that depends on it would differ.
func TestGraphsAreTheSameEveryTime(t *testing.T) {
	const times = 25
	for name, data := range cases(t) {
		first := graph(t, data, false)
		for range times - 1 {
			if diff := cmp.Diff(first.Def, graph(t, data, false).Def); diff != "" {
				t.Errorf("two definitions of %s differ:\n%s", name, diff)
				break
			}
		}
	}
}
