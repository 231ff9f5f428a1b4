// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	imagediff "github.com/strata-build/strata/internal/image/diff"
	"github.com/strata-build/strata/internal/testenv"
)

// diffLayout writes a layout with one image.
func diffLayout(t *testing.T, config v1.Config, layers ...[]testenv.Entry) string {
	t.Helper()
	path, err := layout.Write(testenv.Dir(t), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(testenv.Image(t, "amd64", config, layers...)); err != nil {
		t.Fatal(err)
	}
	return string(path)
}

// twoImages differ in each way that a text can show.
func twoImages(t *testing.T) (a, b string) {
	t.Helper()
	base := []testenv.Entry{{Path: "etc/"}, {Path: "etc/motd", Data: []byte("hello\n")}, {Path: "bin/"}, {Path: "bin/x", Data: []byte("1")}}
	a = diffLayout(t, v1.Config{Env: []string{"A=1"}, User: "app"}, base, []testenv.Entry{
		{Path: "bin/app", Data: []byte("one")}, {Path: "gone", Symlink: "etc"}, {Path: "link", Symlink: "a"}, {Path: "bin-2"},
	})
	b = diffLayout(t, v1.Config{Env: []string{"A=2"}, Labels: map[string]string{"l": "<v>"}}, base, []testenv.Entry{
		{Path: "bin/app", Data: []byte("other"), Mode: 0o4755, UID: 5},
		{Path: "new/"},
		{Path: "new/line\n"},
		{Path: "link", Symlink: "b"},
		{Path: "bin-2"},
		{Path: "etc/.wh.motd"},
		{Path: "bin/x", Data: []byte("2")},
	})
	return a, b
}

func TestDiff(t *testing.T) {
	a, b := twoImages(t)
	status, out, stderr := command(t, "diff", "oci:"+a, "oci:"+b)
	want := `linux/amd64: differs
  config
    ~ config.Env[0]: "A=1" -> "A=2"
    + config.Labels.l: "<v>"
    - config.User: "app"
  layers
    = 1 equal
    - sha256:A
    + sha256:B
  files
    ~ /bin/app: content 3 -> 5 bytes, mode 0644 -> 4755, owner 0:0 -> 5:0
    ~ /bin/x: content
    - /etc/motd (file 0644 0:0, 6 bytes)
    - /gone (link 0777 0:0 -> etc)
    ~ /link: link "a" -> "b"
    + /new (directory 0755 0:0)
    + "/new/line\n" (file 0644 0:0, 0 bytes)
`
	for _, side := range []struct{ dir, name string }{{a, "A"}, {b, "B"}} {
		layers, err := (&testenv.Layout{Dir: side.dir}).Image(t, "amd64").Layers()
		if err != nil {
			t.Fatal(err)
		}
		digest, err := layers[1].Digest()
		if err != nil {
			t.Fatal(err)
		}
		want = strings.ReplaceAll(want, "sha256:"+side.name, digest.String())
	}
	if diff := cmp.Diff(want, out); status != 3 || stderr != "" || diff != "" {
		t.Errorf("status %d, %s (-want +got):\n%s", status, stderr, diff)
	}
}

func TestDiffJSON(t *testing.T) {
	a, b := twoImages(t)
	status, out, stderr := command(t, "diff", "--json", "--ignore", "content", "oci:"+a, "oci:"+b)
	var r imagediff.Result
	if err := json.Unmarshal([]byte(out), &r); status != 3 || stderr != "" || err != nil {
		t.Fatalf("status %d, %s, %v", status, stderr, err)
	}
	files := map[string]string{}
	for _, f := range r.Platforms[0].Files {
		files[f.Path] = f.Change + " " + strings.Join(f.Aspects, ",")
	}
	want := map[string]string{
		"/bin/app": "changed mode,owner", "/etc/motd": "removed ", "/gone": "removed ", "/link": "changed link",
		"/new": "added ", "/new/line\n": "added ",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDiffReadsNoEqualLayers compares images whose layers are not there.
func TestDiffReadsNoEqualLayers(t *testing.T) {
	files := []testenv.Entry{{Path: "a", Data: []byte("1")}}
	a := diffLayout(t, v1.Config{}, files)
	b := diffLayout(t, v1.Config{Env: []string{"A=1"}}, files)
	for _, dir := range []string{a, b} {
		layers, err := (&testenv.Layout{Dir: dir}).Image(t, "amd64").Layers()
		if err != nil {
			t.Fatal(err)
		}
		digest, err := layers[0].Digest()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "blobs", "sha256", digest.Hex)); err != nil {
			t.Fatal(err)
		}
	}
	status, out, stderr := command(t, "diff", "oci:"+a, "oci:"+b)
	if want := "linux/amd64: differs\n  config\n    + config.Env: [\"A=1\"]\n"; status != 3 || out != want {
		t.Errorf("status %d, %s\n%s", status, stderr, out)
	}
	status, out, stderr = command(t, "diff", "oci:"+a, "oci:"+a)
	if status != 0 || out != "linux/amd64: equal\n" {
		t.Errorf("with itself: status %d, %s\n%s", status, stderr, out)
	}
}

func TestDiffRefused(t *testing.T) {
	a := diffLayout(t, v1.Config{})
	status, _, stderr := command(t, "diff", "--ignore", "colour", "oci:"+a, "oci:"+a)
	if status != 2 || !strings.Contains(stderr, `--ignore "colour": there are type, content`) {
		t.Errorf("status %d:\n%s", status, stderr)
	}
	status, out, _ := command(t, "diff", "oci:"+exportLayout(t), "oci:"+a)
	if status != 3 || !strings.Contains(out, "- linux/arm64") {
		t.Errorf("status %d:\n%s", status, out)
	}
}
