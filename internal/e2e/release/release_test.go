// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package release shows what hack's scripts make a release of: programs whose bytes
// depend on the sources alone, archives of them, and what users check these with.
package release

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
)

const (
	version = "1.2.3-rc.1"
	epoch   = "1700000000" // in November 2023
)

// command runs a program in a directory, with more variables, and gives what it prints.
func command(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func must(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	out, err := command(t, dir, env, name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// sources copies the tree, as git knows it, into a directory of its own.
func sources(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, testenv.Root(t), nil, "sh", "-c",
		`git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - 2>/dev/null | tar -x -C "$0"`, dir)
	return dir
}

// TestRelease compiles the command line in two directories, packs it as a release, and
// does with that what users do.
func TestRelease(t *testing.T) {
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	for _, to := range []string{one, two} {
		compile(t, sources(t), to)
	}
	program := filepath.Join(one, "from", "linux_amd64", "strata")
	if !bytes.Equal(read(t, program), read(t, filepath.Join(two, "from", "linux_amd64", "strata"))) {
		t.Error("two directories give two programs")
	}
	t.Run("version", func(t *testing.T) {
		if got := must(t, "", nil, program, "version"); !strings.HasPrefix(got, "strata "+version+", BuildKit v0.") {
			t.Errorf("it says %q", got)
		}
	})
	t.Run("manual", func(t *testing.T) {
		testManual(t, program, filepath.Join(one, "from", "pages", "share", "man", "man1"))
	})
	t.Run("completion", func(t *testing.T) { testCompletion(t, program, filepath.Join(one, "from", "pages", "share")) })
	t.Run("files", func(t *testing.T) { testFiles(t, one, two) })
}

// compile makes what docker-bake.hcl makes of the sources, for one platform, with pages.
// What is in the program for Windows doesn't matter here: packing doesn't look into it.
func compile(t *testing.T, sources, to string) {
	t.Helper()
	env := []string{"VERSION=" + version, "SOURCE_DATE_EPOCH=" + epoch, "GOOS=linux", "GOARCH=amd64"}
	linux, windows := filepath.Join(to, "from", "linux_amd64"), filepath.Join(to, "from", "windows_amd64")
	must(t, sources, env, "hack/compile", "cli", linux)
	must(t, sources, env, "hack/pages", filepath.Join(linux, "strata"), filepath.Join(to, "from", "pages"))
	if err := os.MkdirAll(windows, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(windows, "strata.exe"), []byte("MZ"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// testFiles packs and signs in two directories, under two umasks, and checks the one by the other.
func testFiles(t *testing.T, one, two string) {
	key, public, stranger := newKey(t)
	root := testenv.Root(t)
	env := []string{"SOURCE_DATE_EPOCH=" + epoch, "SIGNING_KEY=" + key, "PUBLIC_KEY=" + public}
	for dir, umask := range map[string]string{one: "0077", two: "0000"} {
		must(t, dir, env, "sh", "-c", `umask "$0" && exec "$@"`, umask, filepath.Join(root, "hack", "pack"), version, "from", "dist")
	}
	published, built := filepath.Join(one, "dist"), filepath.Join(two, "dist")
	if diff := cmp.Diff(string(read(t, filepath.Join(published, "SHA256SUMS"))), string(read(t, filepath.Join(built, "SHA256SUMS")))); diff != "" {
		t.Errorf("two directories give two releases (-one +two):\n%s", diff)
	}
	must(t, published, nil, "minisign", "-V", "-p", public, "-m", "SHA256SUMS")
	must(t, published, nil, "sha256sum", "--strict", "-c", "SHA256SUMS")
	testArchives(t, published)

	reproduce := func(public, published string) (string, error) {
		return command(t, root, []string{"PUBLIC_KEY=" + public}, "hack/reproduce", version, published, built)
	}
	if out, err := reproduce(public, published); err != nil || !strings.Contains(out, "strata "+version+" is what its sources give") {
		t.Errorf("reproduce: %v\n%s", err, out)
	}
	if out, err := reproduce(stranger, published); err == nil || !strings.Contains(out, "not signed by the key") {
		t.Errorf("by a stranger's key: %v\n%s", err, out)
	}
	appendTo(t, filepath.Join(published, "strata-"+version+"-linux-amd64.tar.gz"))
	if out, err := reproduce(public, published); err == nil || !strings.Contains(out, "is not the one that was signed") {
		t.Errorf("with a changed archive: %v\n%s", err, out)
	}
	must(t, published, nil, "sh", "-c", `sha256sum *.gz *.zip >SHA256SUMS; exec minisign -S -s "$0" -m SHA256SUMS`, key)
	if out, err := reproduce(public, published); err == nil || !strings.Contains(out, "published  ") || !strings.Contains(out, "is not what its sources give") {
		t.Errorf("with an archive of other sources: %v\n%s", err, out)
	}
	env[2] = "PUBLIC_KEY=" + stranger
	if out, err := command(t, one, env, filepath.Join(root, "hack", "pack"), version, "from", "unverified"); err == nil || !strings.Contains(out, "is not the public half of") {
		t.Errorf("pack with an unknown key: %v\n%s", err, out)
	}
}

// testArchives unpacks by tar and unzip, and looks at owners and modes.
func testArchives(t *testing.T, dir string) {
	t.Helper()
	name := "strata-" + version + "-linux-amd64"
	list := must(t, dir, []string{"TZ=UTC"}, "tar", "-tvf", name+".tar.gz")
	for _, want := range []string{
		"-rwxr-xr-x 0/0", " " + name + "/strata\n", " " + name + "/LICENSE\n", " " + name + "/share/man/man1/strata-build.1\n",
		" " + name + "/share/bash-completion/completions/strata\n", " " + name + "/share/zsh/site-functions/_strata\n",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the archive has no %q:\n%s", want, list)
		}
	}
	for line := range strings.Lines(list) {
		if !strings.Contains(line, " 0/0 ") || !strings.Contains(line, " 2023-11-14 ") || strings.Contains(line[:10], "rw-rw") {
			t.Errorf("an owner, a mode or a time is the machine's: %s", line)
		}
	}
	to := t.TempDir()
	must(t, to, nil, "unzip", "-q", filepath.Join(dir, "strata-"+version+"-windows-amd64.zip"))
	if files := must(t, to, nil, "find", ".", "-type", "f"); strings.Count(files, "\n") != 3 || !strings.Contains(files, "/strata.exe\n") || !strings.Contains(files, "/strata.ps1\n") {
		t.Errorf("the archive for Windows has\n%s", files)
	}
}

func appendTo(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, append(read(t, file), 'x'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newKey makes two pairs of keys: all of one, and the public half of another.
func newKey(t *testing.T) (secret, public, stranger string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"ours", "other"} {
		must(t, dir, nil, "minisign", "-G", "-W", "-p", name+".pub", "-s", name+".key")
	}
	return filepath.Join(dir, "ours.key"), filepath.Join(dir, "ours.pub"), filepath.Join(dir, "other.pub")
}
