// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// TestEncodePathAsApt compares addresses of packages with those that apt-get asks for.
func TestEncodePathAsApt(t *testing.T) {
	for _, name := range []string{
		"pool/main/j/jq/jq_1.6-2.1_amd64.deb", "pool/x_1%3a1.0_all.deb", "pool/g/g++_1+b~2_all.deb", "pool/a b_1_all.deb",
		"pool/\u00e9_1_all.deb", "pool/[a]&=@!,;'_1_all.deb", "pool/a:b_1_all.deb", `pool/"q"_1_all.deb`,
	} {
		dir := t.TempDir()
		for _, sub := range []string{"lists/partial", "archives/partial"} {
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for file, text := range map[string]string{
			"status": "", "sources": "deb [trusted=yes] http://127.0.0.1:9/x/ ./\n",
			"lists/127.0.0.1:9_x_._Packages": "Package: x\nVersion: 1\nArchitecture: all\nSize: 1\nFilename: " + name + "\nSHA256: " + strings.Repeat("a", 64) + "\n\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command("apt-get", "-qq", "-o", "Dir::State="+dir, "-o", "Dir::Cache="+dir, "-o", "Dir::Etc::sourcelist="+dir+"/sources",
			"-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Dir::State::status="+dir+"/status", "-o", "Debug::NoLocking=1",
			"--print-uris", "--yes", "install", "x").CombinedOutput()
		if err != nil {
			t.Fatalf("apt-get: %v\n%s", err, out)
		}
		if want := "'" + (System{}).Facts().Address("http://127.0.0.1:9/x/", name) + "'"; !strings.HasPrefix(string(out), want+" ") {
			t.Errorf("%s: got %s, apt asks for %s", name, want, out)
		}
	}
}

// TestPathBelowTheArchive gives a lock a path that it can be read with: apt takes one that
// begins with slashes for one below the archive.
func TestPathBelowTheArchive(t *testing.T) {
	for filename, want := range map[string]string{"pool/x.deb": "pool/x.deb", "./x.deb": "./x.deb", "/pool//x.deb": "pool//x.deb", "//x.deb": "x.deb"} {
		s := &resolve.Solution{Packages: []resolve.Package{{Name: "x", Version: "1", Filename: filename}}}
		if got := answer(&distro.Request{Layers: [][]string{{"x"}}}, &packageFiles{}, s, nil).Packages[0].Path; got != want {
			t.Errorf("%s becomes %s, want %s", filename, got, want)
		}
	}
}

// TestListsDontGrowWithoutEnd reads a list that becomes a thousand times as large.
func TestListsDontGrowWithoutEnd(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.CopyN(w, zeros{}, 100<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	size := int64(b.Len())
	for name, files := range map[string]map[string]index.File{
		"nothing is said": {},
		"1000 bytes":      {"main/Packages": {Size: 1000}},
		"2^63-1 bytes":    {"main/Packages": {Size: 1<<63 - 1}},
	} {
		list := &packageList{archive: &archive{id: "a", release: &index.Release{Files: files}, uris: []string{"http://x"}}, file: "main/Packages.gz", size: size}
		if _, err := list.read(b.Bytes(), "amd64", nil); err == nil || !strings.Contains(err.Error(), "larger than allowed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestListBySHA512 reads a list of a Release that has no other hashes.
func TestListBySHA512(t *testing.T) {
	text := "Package: a\nVersion: 1\nArchitecture: all\n"
	sum := sha512.Sum512([]byte(text))
	release, err := index.ReadRelease([]byte(fmt.Sprintf("Suite: s\nAcquire-By-Hash: yes\nSHA512:\n %X %d main/binary-amd64/Packages\n", sum, len(text))))
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{id: "a", suite: "s", uris: []string{"http://x"}, release: release}
	list, err := a.list("main", "main/binary-amd64/Packages")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("http://x/dists/s/main/binary-amd64/by-hash/SHA512/%x", sum); list.request.URLs[0] != want || list.request.Digest != "" {
		t.Errorf("asks for %+v, want %s", list.request, want)
	}
	if want := "http://x/dists/s/main/binary-amd64/Packages"; len(list.request.URLs) != 2 || list.request.URLs[1] != want {
		t.Errorf("asks for %+v, want %s as apt does where a mirror lacks the first", list.request, want)
	}
	if x, err := list.read([]byte(text), "amd64", nil); err != nil || x.Len() != 1 {
		t.Errorf("read: %v", err)
	}
	if _, err := list.read([]byte(strings.Replace(text, "a", "b", 1)), "amd64", nil); err == nil || !strings.Contains(err.Error(), "it has the SHA512 ") {
		t.Errorf("another list: %v", err)
	}
}

// TestComponentThatIsListed takes the lists that a Release has, though it doesn't name
// their component, as apt does.
func TestComponentThatIsListed(t *testing.T) {
	l := &loader{arch: "amd64"}
	for component, want := range map[string]int{"main": 1, "contrib": 0} {
		release, err := index.ReadRelease([]byte("Suite: s\nComponents: other\nSHA256:\n " + strings.Repeat("0", 64) + " 1 main/binary-amd64/Packages\n"))
		if err != nil {
			t.Fatal(err)
		}
		lists, skip, err := l.listsOfComponent(&archive{id: "a", suite: "s", uris: []string{"http://x"}, release: release}, component, "amd64")
		if err != nil || len(lists) != want || (skip == nil) != (want == 1) {
			t.Errorf("%s: %d lists, %v, %v", component, len(lists), skip, err)
		}
	}
}
