// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
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
	dir := directory(t, map[string]string{"strata.yaml": text})
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
		"xz":                    {fromCache(nix, server.URL+"/cache-xz"), nil},
		"the second cache":      {strings.Replace(fromCache(nix, server.URL+"/cache-zstd"), "[\"http", fmt.Sprintf("[%q, %q, \"http", server.URL+"/nothing", server.URL+"/cache-other"), 1), nil},
		"fetched by the steps":  {fromCache(nix, server.URL+"/cache-zstd") + "      fetch: step\n", nil},
		"by an argument":        {fromCache(nix, server.URL+"/cache-xz"), []string{"--build-arg=STRATA_FETCH=step"}},
		"exported cache":        {derive(nix, "store: {context: st}"), []string{"--build-context=st=" + nix.Dir + "/cache-unsigned"}},
		"signed directory":      {derive(nix, fmt.Sprintf("store: {context: st}\ntrusted_public_keys: [%q]", nix.Key)), []string{"--build-context=st=" + nix.Dir + "/cache-bzip2"}},
		"path-info":             {derive(nix, "store: {context: st, graph: old.json}"), []string{context + "/disk"}},
		"registration":          {derive(nix, "store: {context: st, graph: registration}"), []string{context + "/disk"}},
		"a look at the files":   {derive(nix, "store: {context: st}"), []string{context + "/disk"}},
		"the store's directory": {derive(nix, "store: {context: st}"), []string{context + "/disk/nix/store"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := h.buildLayout(t, tc.text, tc.args...).Digest(t, "amd64"); got != want {
				t.Errorf("another image: %s, want %s", got, want)
			}
		})
	}
	t.Run("the build context and another engine", func(t *testing.T) {
		dir := directory(t, map[string]string{"strata.yaml": derive(nix, "store: {source: exported/cache}")})
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

// TestDerivationLocked builds from a lock, which asks the cache for nothing but
// archives.
func TestDerivationLocked(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	server := testenv.FileServer(t, readCache(t, filepath.Join(nix.Dir, "cache-zstd")))
	text := fromCache(nix, server.URL)
	want := h.buildLayout(t, text).Digest(t, "amd64")
	dir := directory(t, map[string]string{"strata.yaml": text})
	h.cli.MustRun(t, "lock", "--addr", h.daemon.Addr, dir)
	h.cli.MustRun(t, "lock", "--addr", h.daemon.Addr, "--check", dir)
	locked := read(t, filepath.Join(dir, "strata.lock"))
	h.cli.MustRun(t, "lock", "--addr", h.daemon.Addr, dir)
	if again := read(t, filepath.Join(dir, "strata.lock")); again != locked || strings.Count(locked, `{path: "/nix/store/`) != len(nix.Paths) {
		t.Errorf("the lock:\n%s\nwritten again:\n%s", locked, again)
	}
	server.Reset()
	out := filepath.Join(dir, "image.tar")
	h.cli.MustRun(t, "build", "-o", "type=oci,dest="+out, dir) // with an empty cache
	if got := testenv.OpenLayout(t, out).Digest(t, "amd64"); got != want {
		t.Errorf("another image: %s, want %s", got, want)
	}
	for _, request := range server.Requests() {
		if !strings.Contains(request.Path, "/nar/") {
			t.Errorf("a build with a lock asked for %s", request.Path)
		}
	}
	write(t, filepath.Join(dir, "strata.yaml"), strings.Replace(text, nix.App, nix.Link, 1))
	if got := h.build(t, "--progress=quiet", dir); got.Code != 2 || !strings.Contains(got.Stderr, "the lock is not up to date: strata.lock does not have these store paths of target default for linux/amd64") {
		t.Errorf("with a stale lock: exit status %d\n%s", got.Code, got.Stderr)
	}
	server.Reset()
	h.cli.MustRun(t, "lock", dir)
	for _, request := range server.Requests() {
		hash, ok := strings.CutSuffix(path.Base(request.Path), ".narinfo")
		if !ok || strings.Contains(locked, "/nix/store/"+hash) {
			t.Errorf("a lock written after another asked for %s", request.Path)
		}
	}
	renewed := read(t, filepath.Join(dir, "strata.lock"))
	h.cli.MustRun(t, "lock", "--update", dir)
	if got := read(t, filepath.Join(dir, "strata.lock")); got != renewed {
		t.Errorf("the lock written after another:\n%s\nand alone:\n%s", renewed, got)
	}
}

// TestDerivationExtras builds with Nix in a step, and makes what is in the store
// easy to use.
func TestDerivationExtras(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	text := "args: {BASE: null}\nfrom: $BASE\n" + derive(nix, "store: {context: st}\nlink: /usr/local\nregistration: true\nmax_layers: 4\npin: [[shell, libc]]") +
		"  - files: [{dest: /etc/more, content: x}]\n"
	dir := directory(t, map[string]string{"strata.yaml": text})
	explained := h.cli.MustRun(t, "plan", "--explain", "--addr", h.daemon.Addr, "--build-arg", "BASE="+h.base, "--build-context=st="+nix.Dir+"/cache-zstd", dir)
	for _, want := range []string{"default for linux/amd64: 7 layers\n", "    " + nix.App + "\n", filepath.Base(nix.App) + " alone pushes 1.5 kB of 2.6 MB again (0.06%)\n"} {
		if !strings.Contains(explained.Stdout, want) {
			t.Errorf("no %q in\n%s", want, explained.Stdout)
		}
	}
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

// TestDerivationOnItsPart puts a closure on a base from a registry that has some of its
// paths, and a program of its own where the links go: these paths don't ship again, the
// links lead to all of it, and the build says what they replace.
func TestDerivationOnItsPart(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	context := "--build-context=st=" + nix.Dir + "/cache-zstd"
	part := strings.Replace(derive(nix, "store: {context: st}"), nix.App, nix.Link, 1)
	below := h.registry.Host + "/part:1"
	h.mustBuild(t, "--progress=quiet", context, "--push", "-t", below, directory(t, map[string]string{
		"strata.yaml": "args: {BASE: null}\nfrom: $BASE\n" + part + "  - files: [{dest: /usr/local/bin/app, content: mine, mode: 0755}, {dest: /usr/local/bin/other, content: x}]\n",
	}))
	text := "from: " + below + "\n" + derive(nix, "store: {context: st}\nlink: /usr/local")
	dir := directory(t, map[string]string{"strata.yaml": text})
	out := filepath.Join(dir, "image.tar")
	said := h.mustBuild(t, "--progress=plain", context, "-o", "type=oci,dest="+out, dir).Stderr
	if !strings.Contains(said, "LinkHidesFile: strata.yaml:3:5: link replaces /usr/local/bin/app of the base;") {
		t.Errorf("no warning in\n%s", said)
	}
	l := testenv.OpenLayout(t, out)
	l.Validate(t, "amd64")
	times := map[string]int{}
	for _, listing := range l.LayerListings(t, "amd64") {
		here := map[string]bool{}
		for line := range strings.Lines(listing) {
			file, _, _ := strings.Cut(line, " -> ")
			for _, p := range nix.Paths {
				here[p] = here[p] || strings.Contains(file, p[1:])
			}
		}
		for p, is := range here {
			if is {
				times[p]++
			}
		}
	}
	for _, p := range nix.Paths {
		if times[p] != 1 {
			t.Errorf("%s is in %d layers", p, times[p])
		}
	}
	got, err := exec.Command("chroot", l.Unpack(t, "amd64"), "/usr/local/bin/app").CombinedOutput()
	if err != nil || string(got) != "hello from the store\nport=8080\n" {
		t.Errorf("the program says %q: %v", got, err)
	}
	if said := h.build(t, "--progress=plain", "--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=LinkHidesFile,UnpinnedBase,UndeclaredArg;error=true", context, dir); said.Code != 0 {
		t.Errorf("the rule is skipped, and still: %s", said.Stderr)
	}
	deleting := directory(t, map[string]string{"strata.yaml": strings.Replace(text, "link: /usr/local", "link: /usr/.wh.local", 1)})
	if said := h.build(t, "--progress=plain", context, deleting); said.Code != 2 || !strings.Contains(said.Stderr, `strata.yaml:6:13: the name ".wh.local" begins with .wh., which means a deletion`) {
		t.Errorf("links into a directory whose name means a deletion: exit status %d\n%s", said.Code, said.Stderr)
	}
}

// TestDerivationBuilt lets Nix build in a step: with the network cut off, and to
// the same image as from its cache.
func TestDerivationBuilt(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	root, source := testenv.NixRoot(t, nix)
	want := h.buildLayout(t, derive(nix, "store: {context: st}"), "--build-context=st="+nix.Dir+"/cache-none").Digest(t, "amd64")
	build := func(keys string) *testenv.Layout {
		write(t, filepath.Join(source, "strata.yaml"), "layers: [{derivation: {build: {from: context:nix, network: none, "+keys+"}}}]\n")
		out := filepath.Join(t.TempDir(), "image.tar")
		h.mustBuild(t, "--build-context=nix="+root, "-o", "type=oci,dest="+out, source)
		return testenv.OpenLayout(t, out)
	}
	if got := build("file: closure.nix, attr: app").Digest(t, "amd64"); got != want {
		t.Errorf("another image: %s, want %s", got, want)
	}
	write(t, filepath.Join(source, "flake.nix"), `{ outputs = _: { packages.x86_64-linux.hello = derivation {
  name = "hello"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo hi > $out" ]; }; }; }`)
	if got := build("flake: ., attr: hello").LayerListings(t, "amd64"); len(got) != 1 || !strings.Contains(got[0], "-hello sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4") {
		t.Errorf("of a flake: %q", got)
	}
	write(t, filepath.Join(source, "strata.yaml"), "layers: [{derivation: {build: {from: context:nix, file: closure.nix, attr: nothing, network: none}}}]\n")
	got := h.build(t, "--progress=plain", "--build-context=nix="+root, source)
	if got.Code != 1 || !strings.Contains(got.Stderr, "attribute 'nothing'") || !strings.Contains(got.Stderr, "strata.yaml:1") {
		t.Errorf("an attribute that is missing: exit status %d\n%s", got.Code, got.Stderr)
	}
}

// TestForjarStore ships paths of forjar's store with what they refer to.
func TestForjarStore(t *testing.T) {
	h := newHouse(t)
	app, lib, other := strings.Repeat("a1", 32), strings.Repeat("0f", 32), strings.Repeat("3c", 32)
	meta := func(hash string, refs ...string) string {
		text := "schema: \"1.0\"\nstore_hash: blake3:" + hash + "\nreferences:\n"
		for _, ref := range refs {
			text += "  - blake3:" + ref + "\n"
		}
		return text
	}
	store := directory(t, map[string]string{
		app + "/meta.yaml": meta(app, lib), app + "/content/bin/app": "#!/bin/sh\n", app + "/content/etc/app.conf": "x=1\n",
		lib + "/meta.yaml": meta(lib), lib + "/content/lib/lib.txt": "text\n",
		other + "/meta.yaml": meta(other), other + "/content/unused": "x",
	})
	content := filepath.Join(store, app, "content")
	for _, err := range []error{
		os.Chmod(content+"/bin/app", 0o750), os.Chmod(content+"/etc", 0o700),
		os.Symlink("../../"+lib+"/content/lib", content+"/lib"), os.Symlink("nowhere", content+"/etc/dangling"), os.Mkdir(content+"/empty", 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text := "layers:\n  - derivation:\n      path: /var/lib/forjar/store/" + app + "\n      store: {context: st}\n      link: /usr/local\n"
	l := h.buildLayout(t, text, "--build-context=st="+store)
	in := " 0:0 "
	a, b := "var/lib/forjar/store/"+app, "var/lib/forjar/store/"+lib
	got := strings.Join(l.LayerListings(t, "amd64"), "")
	for _, want := range []string{
		"- 0750" + in, "d 0700" + in, a + "/content/etc/dangling -> nowhere", a + "/content/lib -> ../../" + lib + "/content/lib",
		a + "/content/empty/", b + "/content/lib/lib.txt", "usr/local/bin/app -> /" + a + "/content/bin/app", "usr/local/etc/app.conf -> ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the layers:\n%s", want, got)
		}
	}
	if strings.Contains(got, other) || strings.Contains(got, "meta.yaml") {
		t.Errorf("too much is in the layers:\n%s", got)
	}
	if err := os.RemoveAll(filepath.Join(store, lib)); err != nil {
		t.Fatal(err)
	}
	dir := directory(t, map[string]string{"strata.yaml": text})
	failed := h.build(t, "--progress=quiet", "--build-context=st="+store, dir)
	if want := "strata.yaml:3:13: derivation: /" + a + " refers to /" + b + ": it isn't in the store"; failed.Code != 1 || !strings.Contains(failed.Stderr, want) {
		t.Errorf("exit status %d\n%swant %s", failed.Code, failed.Stderr, want)
	}
}
