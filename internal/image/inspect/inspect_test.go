// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"lukechampine.com/blake3"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/inspect"
	"github.com/strata-build/strata/internal/testenv"
)

const (
	status1 = "Package: jq\nStatus: install ok installed\nVersion: 1.6-2\nDescription: a\n b\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
	status2 = "Package: jq\nStatus: install ok installed\nVersion: 1.6-2\n\nPackage: curl\nStatus: install ok installed\nVersion: 7.88\n"
	apk     = "P:musl\nV:1.2.5-r0\n\nP:zlib\nV:1.3-r1\n"
)

func file(path string, size int) testenv.Entry {
	return testenv.Entry{Path: path, Data: []byte(strings.Repeat("x", size))}
}

// layered is an image in whose layers files come and go.
func layered(t *testing.T) *image.Source {
	t.Helper()
	img := testenv.Image(t, "amd64", v1.Config{Entrypoint: []string{"/bin/app", "a b"}, Env: []string{"A=\x1b[1m"}},
		[]testenv.Entry{
			{Path: "var/lib/dpkg/status", Data: []byte(status1)},
			file("usr/bin/jq", 1000), file("etc/motd", 100),
			file("opt/dir/a", 50), file("opt/dir/b", 51), file("srv/old", 7),
			{Path: "usr/bin/query", Symlink: "jq"},
		},
		[]testenv.Entry{
			file("etc/motd", 10), file("opt/.wh.dir", 0), file("opt/dir/again", 5), file("nix/store/abc-hello-2/bin/hello", 20),
			{Path: "var/lib/dpkg/status", Data: []byte(status2)},
		},
		[]testenv.Entry{
			file("opt/dir/a", 3), file("opt/dir/.wh..wh..opq", 0),
			{Path: "srv/"},
			file("srv/old/now/a/directory", 1),
			{Path: "lib/apk/db/installed", Data: []byte(apk)},
		})
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.History = []v1.History{
		{CreatedBy: "/bin/sh -c #(nop) ADD file:1 in / "},
		{CreatedBy: "ENV A=1", EmptyLayer: true},
		{CreatedBy: "strata: tools: packages jq, curl"},
		{CreatedBy: "RUN |1 A=b /bin/sh -c make install # buildkit"},
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return open(t, img)
}

func open(t *testing.T, img v1.Image) *image.Source {
	t.Helper()
	dir := testenv.Dir(t)
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	s, err := image.Open(t.Context(), image.Name{Transport: image.Layout, Path: dir}, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestMain(m *testing.M) { testenv.Main(m) }

func TestImage(t *testing.T) {
	s := layered(t)
	r, err := inspect.Image(t.Context(), s, inspect.Options{BLAKE3: true})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Strategy, Made                       string
		Files, Directories, Links, Deletions int
		Wasted                               int64
		WastedFiles                          int
		Packages, StorePaths                 []string
	}
	var got []row
	for _, l := range r.Layers {
		got = append(got, row{l.Strategy, l.Made, l.Files, l.Directories, l.Links, l.Deletions, l.Wasted, l.WastedFiles, l.Packages, l.StorePaths})
	}
	want := []row{
		{"ADD", "ADD file:1 in /", 6, 0, 1, 0, 100 + 50 + 51 + 7 + int64(len(status1)), 5, []string{"jq 1.6-2"}, nil},
		{"packages", "tools: packages jq, curl", 4, 0, 0, 1, 5, 1, []string{"curl 7.88"}, []string{"abc-hello-2"}},
		{"RUN", "RUN make install", 3, 1, 0, 1, 0, 0, []string{"musl 1.2.5-r0", "zlib 1.3-r1"}, nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	if want := int64(100 + 50 + 51 + 7 + len(status1) + 5); r.Wasted != want {
		t.Errorf("%d bytes are wasted, want %d", r.Wasted, want)
	}
	if r.Files != 8 { // with the link
		t.Errorf("the image has %d files, want 8", r.Files)
	}
	checkBLAKE3(t, s, r)
}

// checkBLAKE3 computes the digests of a layer in another way.
func checkBLAKE3(t *testing.T, s *image.Source, r *inspect.Report) {
	t.Helper()
	rc, err := s.Blob(t.Context(), v1.Descriptor{Digest: r.Layers[0].Digest, Size: r.Layers[0].Size})
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	data, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	sum := blake3.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != r.Layers[0].BLAKE3 {
		t.Errorf("the BLAKE3 digest is %s, want %s", r.Layers[0].BLAKE3, got)
	}
}

func TestPrint(t *testing.T) {
	r, err := inspect.Image(t.Context(), layered(t), inspect.Options{BLAKE3: true})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.Print(&b, true); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"linux/amd64", "/bin/app \"a b\"", "A=\\x1b[1m", "packages tools: packages jq, curl", "Layer 2 holds 1 package: curl 7.88",
		"Layer 2 holds 1 store path: abc-hello-2", "all of them 8",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("the report moves the cursor")
	}
}

// TestPage has a browser show the page.
func TestPage(t *testing.T) {
	img := testenv.Image(t, "amd64", v1.Config{},
		[]testenv.Entry{file("usr/bin/large", 90_000), file("etc/small", 10), file("etc/</script><b>bold", 2000), file("usr/bin/\xff\xfe", 3000)},
		[]testenv.Entry{file("etc/small", 11), file("usr/bin/.wh.large", 0)})
	r, err := inspect.Image(t.Context(), open(t, img), inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(testenv.Dir(t), "page.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	show := func(hash string) string {
		t.Helper()
		return testenv.Output(t, "chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--dump-dom", "file://"+path+hash)
	}
	dom := show("#sort=path")
	_, rows, _ := strings.Cut(dom, "<table id=\"files\">")
	rows, _, _ = strings.Cut(rows, "<script>")
	last := -1
	for _, want := range []string{"<td>etc/&lt;/script&gt;&lt;b&gt;bold</td>", "<td>etc/small</td>", "<tr class=\"gone\"><td>usr/bin/large</td>", "<td>usr/bin/�</td>"} {
		i := strings.Index(rows, want)
		if i <= last {
			t.Errorf("the list lacks %s, or has it too early:\n%s", want, rows)
		}
		last = i
	}
	if n := strings.Count(rows, "<td>etc/small</td>"); n != 2 {
		t.Errorf("etc/small is listed %d times, want once for each layer", n)
	}
	if !strings.Contains(dom, "class=\"gone\" title=\"layer 1/usr/bin/large\n90.0 kB, replaced or deleted by a later layer\"") {
		t.Errorf("the map does not show the deleted file:\n%s", dom)
	}
	bySize := show("")
	if large, small := strings.Index(bySize, "<td>usr/bin/large"), strings.Index(bySize, "<td>etc/small"); large < 0 || large > small {
		t.Error("the list does not begin with the largest file")
	}
	if found := show("#find=large"); strings.Contains(found, "<td>etc/small") || !strings.Contains(found, "1 file<") {
		t.Error("the list does not heed what is looked for")
	}
}

// TestDamagedDiffID gives a layer another tar than the configuration says.
func TestDamagedDiffID(t *testing.T) {
	img := testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{file("a", 1)})
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs[0].Hex = strings.Repeat("0", 64)
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	if _, err := inspect.Image(t.Context(), open(t, img), inspect.Options{}); err == nil || !strings.Contains(err.Error(), "the configuration says") {
		t.Errorf("a wrong diff ID: %v", err)
	}
}
