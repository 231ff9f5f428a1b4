// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
)

// derive is a build file with one derivation of the closure's root.
func derive(nix *testenv.NixStore, keys string) string {
	return fmt.Sprintf("layers:\n  - derivation:\n      path: %s\n      %s\n", nix.App, strings.ReplaceAll(keys, "\n", "\n      "))
}

// fromCache takes the closure from a binary cache.
func fromCache(nix *testenv.NixStore, url string) string {
	return derive(nix, fmt.Sprintf("substituters: [%q]\ntrusted_public_keys: [%q]", url, nix.Key))
}

// buildLayout builds a build file to an OCI layout.
func (h *house) buildLayout(t *testing.T, text string, args ...string) *testenv.Layout {
	t.Helper()
	dir := folder(t, map[string]string{"strata.yaml": text})
	out := filepath.Join(dir, "image.tar")
	h.mustBuild(t, append(args, "-o", "type=oci,dest="+out, dir)...)
	return testenv.OpenLayout(t, out)
}

// TestDerivation builds one closure from wherever it can come from. All give the
// same image, and Nix finds in it what it put there.
func TestDerivation(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	server := httptest.NewServer(http.FileServer(http.Dir(nix.Dir)))
	t.Cleanup(server.Close)
	first := h.buildLayout(t, fromCache(nix, server.URL+"/cache-zstd"))
	checkStore(t, nix, first)
	want := first.Digest(t, "amd64")
	context := "--build-context=st=" + nix.Dir
	for name, tc := range map[string]struct {
		text string
		args []string
	}{
		"xz":                  {fromCache(nix, server.URL+"/cache-xz"), nil},
		"the second cache":    {strings.Replace(fromCache(nix, server.URL+"/cache-zstd"), "[\"http", fmt.Sprintf("[%q, %q, \"http", server.URL+"/nothing", server.URL+"/cache-other"), 1), nil},
		"exported cache":      {derive(nix, "store: {context: st}"), []string{"--build-context=st=" + nix.Dir + "/cache-unsigned"}},
		"signed folder":       {derive(nix, fmt.Sprintf("store: {context: st}\ntrusted_public_keys: [%q]", nix.Key)), []string{"--build-context=st=" + nix.Dir + "/cache-bzip2"}},
		"path-info":           {derive(nix, "store: {context: st, graph: old.json}"), []string{context + "/disk"}},
		"registration":        {derive(nix, "store: {context: st, graph: registration}"), []string{context + "/disk"}},
		"a look at the files": {derive(nix, "store: {context: st}"), []string{context + "/disk"}},
		"the store's folder":  {derive(nix, "store: {context: st}"), []string{context + "/disk/nix/store"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := h.buildLayout(t, tc.text, tc.args...).Digest(t, "amd64"); got != want {
				t.Errorf("another image: %s, want %s", got, want)
			}
		})
	}
	t.Run("the build context and another engine", func(t *testing.T) {
		dir := folder(t, map[string]string{"strata.yaml": derive(nix, "store: {source: exported/cache}")})
		if err := os.CopyFS(filepath.Join(dir, "exported/cache"), os.DirFS(filepath.Join(nix.Dir, "cache-gzip"))); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "image.tar")
		h.cli.MustRun(t, "build", "-o", "type=oci,dest="+out, dir)
		if got := testenv.OpenLayout(t, out).Digest(t, "amd64"); got != want {
			t.Errorf("another image: %s, want %s", got, want)
		}
	})
}

// checkStore compares the store of an image with Nix's own, and runs what is in
// it.
func checkStore(t *testing.T, nix *testenv.NixStore, l *testenv.Layout) {
	t.Helper()
	l.Validate(t, "amd64")
	root := l.Unpack(t, "amd64")
	entries, err := os.ReadDir(filepath.Join(root, "nix/store"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		p := "/nix/store/" + e.Name()
		got = append(got, p)
		if is, want := testenv.NixHash(t, root+p), testenv.NixHash(t, p); is != want {
			t.Errorf("%s has the hash %s, want %s", p, is, want)
		}
	}
	slices.Sort(nix.Paths)
	if !slices.Equal(got, nix.Paths) {
		t.Errorf("the image has %q, want %q", got, nix.Paths)
	}
	out, err := exec.Command("chroot", root, nix.App+"/bin/app").CombinedOutput()
	if err != nil || string(out) != "hello from the store\nport=8080\n" {
		t.Errorf("the program says %q: %v", out, err)
	}
	for _, listing := range l.LayerListings(t, "amd64") {
		// A name has a line break in it.
		for line := range strings.Lines(strings.ReplaceAll(listing, "new\nline", "new")) {
			if !strings.Contains(line, " 0:0 ") || !strings.Contains(line, " 1970-01-01T00:00:01 ") {
				t.Errorf("not a store's owner or time: %s", line)
			}
		}
	}
}

// TestDerivationExtras builds with Nix in a step, and makes what is in the store
// easy to use.
func TestDerivationExtras(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	text := "args: {BASE: null}\nfrom: $BASE\n" + derive(nix, "store: {context: st}\nlink: /usr/local\nregistration: true\nmax_layers: 4\npin: [[shell, libc]]") +
		"  - files: [{dest: /etc/more, content: x}]\n"
	l := h.buildLayout(t, text, "--build-context=st="+nix.Dir+"/cache-zstd")
	l.Validate(t, "amd64")
	var words []string
	for _, entry := range l.Config(t, "amd64").History[1:] {
		words = append(words, entry.CreatedBy)
	}
	want := []string{
		"strata: store paths libc-1.0, shell-5.2",
		"strata: store paths link, settings.conf",
		"strata: store paths names",
		"strata: store paths app-0.1",
		"strata: registration of store paths",
		"strata: link store paths to /usr/local",
		"strata: files /etc/more",
	}
	slices.Sort(words)
	slices.Sort(want)
	if diff := cmp.Diff(want, words); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	root := l.Unpack(t, "amd64")
	out, err := exec.Command("chroot", root, "/bin/sh", "-c", "app; cat /usr/local/share/app/self; ls -d /usr/local/share/names").CombinedOutput()
	if err != nil || string(out) != "hello from the store\nport=8080\n"+nix.App+"\n/usr/local/share/names\n" {
		t.Errorf("in the image: %q, %v", out, err)
	}
	registration := read(t, filepath.Join(root, "nix-path-registration"))
	for _, p := range nix.Paths {
		if !strings.Contains("\n"+registration, "\n"+p+"\n"+testenv.NixHash(t, p)+"\n") {
			t.Errorf("the registration lacks %s", p)
		}
	}
}
