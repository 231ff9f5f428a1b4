// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package diff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image"
	imagediff "github.com/strata-build/strata/internal/image/diff"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// open opens an image of a registry.
func open(t *testing.T, name string) *image.Source {
	t.Helper()
	client, err := registry.New(registry.Options{Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	n, err := image.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := image.Open(t.Context(), n, image.Options{Registries: client})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func compare(t *testing.T, a, b string, o imagediff.Options) *imagediff.Result {
	t.Helper()
	r, err := imagediff.Compare(t.Context(), open(t, a), open(t, b), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fetched counts how often a registry gave each layer of an image.
func fetched(t *testing.T, r *testenv.Registry, img v1.Image) []int {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	var counts []int
	for _, l := range m.Layers {
		n := 0
		for _, q := range r.Requests() {
			if q.Method == http.MethodGet && strings.HasSuffix(q.Path, "/blobs/"+l.Digest.String()) {
				n++
			}
		}
		counts = append(counts, n)
	}
	return counts
}

// TestLayersRead counts the layers that a comparison fetches: none of images that
// have the same, and those that both have once.
func TestLayersRead(t *testing.T) {
	r := testenv.NewRegistry(t, testenv.RegistryOptions{})
	base := []testenv.Entry{{Path: "etc/"}, {Path: "etc/motd", Data: []byte("hello\n")}}
	app := []testenv.Entry{{Path: "app", Data: []byte("one")}}
	one := testenv.Image(t, "amd64", v1.Config{User: "a"}, base, app)
	same := testenv.Image(t, "amd64", v1.Config{User: "b"}, base, app)
	other := testenv.Image(t, "amd64", v1.Config{User: "a"}, base, []testenv.Entry{{Path: "app", Data: []byte("two")}})
	a, b, c := r.Push(t, "a:1", one), r.Push(t, "b:1", same), r.Push(t, "c:1", other)

	r.Reset()
	if got := compare(t, a, a, imagediff.Options{}); !got.Equal() {
		t.Errorf("an image differs from itself: %+v", got)
	}
	got := compare(t, a, b, imagediff.Options{}).Platforms[0]
	if counts := fetched(t, r, one); !cmp.Equal(counts, []int{0, 0}) {
		t.Errorf("the layers of images that have the same were fetched %v times", counts)
	}
	if len(got.Config) != 1 || got.Config[0].Path != "config.User" || len(got.Files) != 0 || got.Equal() {
		t.Errorf("configurations: %+v", got)
	}

	r.Reset()
	files := compare(t, a, c, imagediff.Options{}).Platforms[0].Files
	if counts := slices.Concat(fetched(t, r, one), fetched(t, r, other)[1:]); !cmp.Equal(counts, []int{1, 1, 1}) {
		t.Errorf("the layers were fetched %v times, want each once", counts)
	}
	if len(files) != 1 || files[0].Path != "/app" || !cmp.Equal(files[0].Aspects, []string{"content"}) {
		t.Errorf("files: %+v", files)
	}
}

// TestFiles finds each aspect of a file that differs, leaves out those that do not
// count, and names paths in the order of the tree.
func TestFiles(t *testing.T) {
	r := testenv.SharedRegistry(t)
	image := func(name string, entries ...testenv.Entry) string {
		return r.Push(t, "files/"+name, testenv.Image(t, "amd64", v1.Config{}, entries))
	}
	a := image("a:1",
		testenv.Entry{Path: "body", Data: []byte("1")}, testenv.Entry{Path: "d/"}, testenv.Entry{Path: "d/x"}, testenv.Entry{Path: "d-e"},
		testenv.Entry{Path: "gone"}, testenv.Entry{Path: "kind"}, testenv.Entry{Path: "link", Symlink: "a"},
		testenv.Entry{Path: "mode"}, testenv.Entry{Path: "owner"}, testenv.Entry{Path: "same"})
	b := image("b:1",
		testenv.Entry{Path: "body", Data: []byte("2")}, testenv.Entry{Path: "d/"}, testenv.Entry{Path: "d/x", Mode: 0o600}, testenv.Entry{Path: "d-e", Mode: 0o600},
		testenv.Entry{Path: "kind/"}, testenv.Entry{Path: "link", Symlink: "b"}, testenv.Entry{Path: "mode", Mode: 0o4755},
		testenv.Entry{Path: "new"}, testenv.Entry{Path: "owner", UID: 7}, testenv.Entry{Path: "same"})
	lines := func(o imagediff.Options) []string {
		var out []string
		for _, f := range compare(t, a, b, o).Platforms[0].Files {
			out = append(out, strings.TrimSpace(f.Path+" "+f.Change+" "+strings.Join(f.Aspects, ",")))
		}
		return out
	}
	want := []string{
		"/body changed content", "/d/x changed mode", "/d-e changed mode", "/gone removed", "/kind changed type,mode",
		"/link changed link", "/mode changed mode", "/new added", "/owner changed owner",
	}
	if diff := cmp.Diff(want, lines(imagediff.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = []string{"/gone removed", "/kind changed type", "/new added"}
	if diff := cmp.Diff(want, lines(imagediff.Options{Ignore: []string{"content", "mode", "owner", "link"}})); diff != "" {
		t.Errorf("ignoring (-want +got):\n%s", diff)
	}
}

// TestPlatforms compares indexes platform by platform.
func TestPlatforms(t *testing.T) {
	r := testenv.SharedRegistry(t)
	img := func(arch, text string) v1.Image {
		return testenv.Image(t, arch, v1.Config{}, []testenv.Entry{{Path: "f", Data: []byte(text)}})
	}
	a := r.PushIndex(t, "index/a:1", img("amd64", "1"), img("arm64", "1"), img("s390x", "1"))
	b := r.PushIndex(t, "index/b:1", img("amd64", "1"), img("arm64", "2"), img("riscv64", "1"))
	got := map[string]string{}
	for _, p := range compare(t, a, b, imagediff.Options{}).Platforms {
		got[p.Platform] = p.Only
		if p.Only == "" && !p.Equal() {
			got[p.Platform] = "differs"
		}
	}
	want := map[string]string{"linux/amd64": "", "linux/arm64": "differs", "linux/s390x": "a", "linux/riscv64": "b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	only := imagediff.Options{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}
	if r := compare(t, a, b, only); !r.Equal() || len(r.Platforms) != 1 {
		t.Errorf("the same platform differs: %+v", r)
	}
}

// TestNoImages compares indexes that list other things than images: that none differs
// doesn't make them equal.
func TestNoImages(t *testing.T) {
	index := func(artifacts int) *image.Source {
		var m v1.IndexManifest
		for i := range artifacts {
			m.Manifests = append(m.Manifests, v1.Descriptor{
				MediaType: types.OCIManifestSchema1, Size: 7, Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", i)}, ArtifactType: "application/vnd.example",
			})
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		s, err := image.Compose(image.Name{Transport: image.Layout, Path: "x"}, types.OCIImageIndex, raw, image.Origins{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if r, err := imagediff.Compare(t.Context(), index(1), index(2), imagediff.Options{}); err == nil || !strings.Contains(err.Error(), "has an image") {
		t.Errorf("they are equal: %+v, %v", r, err)
	}
	if r, err := imagediff.Compare(t.Context(), index(1), index(1), imagediff.Options{}); err != nil || !r.Equal() {
		t.Errorf("one differs from itself: %+v, %v", r, err)
	}
}

// TestManyPlatforms compares indexes that list very many platforms.
func TestManyPlatforms(t *testing.T) {
	const many = 20_000
	index := func(from int) *image.Source {
		var m v1.IndexManifest
		for i := range many {
			m.Manifests = append(m.Manifests, v1.Descriptor{
				MediaType: types.OCIManifestSchema1, Size: 7, Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", i)},
				Platform: &v1.Platform{OS: "linux", Architecture: fmt.Sprint("a", from+i)},
			})
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		s, err := image.Compose(image.Name{Transport: image.Layout, Path: "x"}, types.OCIImageIndex, raw, image.Origins{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	begun := time.Now()
	r, err := imagediff.Compare(t.Context(), index(0), index(many), imagediff.Options{})
	if err != nil || len(r.Platforms) != 2*many {
		t.Errorf("%d platforms, %v", len(r.Platforms), err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestText writes a result as a person reads it, whatever is in its names.
func TestText(t *testing.T) {
	r := testenv.SharedRegistry(t)
	a := r.Push(t, "text/a:1", testenv.Image(t, "amd64", v1.Config{Env: []string{"A=1"}}, []testenv.Entry{{Path: "line\nbreak"}}))
	b := r.Push(t, "text/b:1", testenv.Image(t, "amd64", v1.Config{Env: []string{"A=\x1b[2J"}}, []testenv.Entry{{Path: "other"}}))
	var out bytes.Buffer
	if err := compare(t, a, b, imagediff.Options{}).Print(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"linux/amd64: differs\n", `~ config.Env[0]: "A=1" -> "A=\u001b[2J"`, `- "/line\nbreak" (file 0644 0:0`, "+ /other (file 0644 0:0, 0 bytes)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
