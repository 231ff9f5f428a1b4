// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Deb is a Debian package that a test makes up.
type Deb struct {
	Name, Version string
	// Arch is "all" when it is empty.
	Arch string
	// Fields are further control fields, such as Depends.
	Fields map[string]string
	// Files are contents by their paths without a leading slash; one that ends in a
	// slash is a directory, and "-> target" makes a link.
	Files map[string]string
	// Scripts are maintainer scripts and other control files by their names.
	Scripts map[string]string
}

// DebArchive is a signed Debian archive on 127.0.0.1: suite "stable", component
// "main". It is made by dpkg-deb, apt-ftparchive and gpg.
type DebArchive struct {
	// URL is the archive's address.
	URL string
	// Dir is the directory that is served.
	Dir string
	// Keyring is the public key, armored.
	Keyring []byte
	// Recorder notes what was asked for.
	*Recorder

	home string
	// archs are the architectures that there are lists for.
	archs []string
}

// NewDebArchive serves an archive of packages until the test ends.
func NewDebArchive(t testing.TB, packages ...Deb) *DebArchive {
	t.Helper()
	a := &DebArchive{Dir: t.TempDir(), home: gpgHome(t), archs: []string{"amd64", "arm64"}}
	a.run(t, "gpg", "--batch", "--passphrase", "", "--quick-generate-key", "Archive <archive@example.org>", "ed25519", "sign", "never")
	a.Keyring = a.run(t, "gpg", "--armor", "--export")
	a.Add(t, packages...)
	a.Recorder = &Recorder{next: http.FileServer(http.Dir(a.Dir))}
	a.URL = "http://" + serve(t, a.Recorder)
	return a
}

// gpgHome is a directory of its own for gpg, whose path is short: it holds a socket.
func gpgHome(t testing.TB) string {
	t.Helper()
	home, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run() //nolint:noctx // it ends at once
		_ = os.RemoveAll(home)
	})
	return home
}

// Add puts packages into the archive and signs it again.
func (a *DebArchive) Add(t testing.TB, packages ...Deb) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(a.Dir, "pool/main"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, d := range packages {
		path := filepath.Join(a.Dir, "pool/main", d.Name, d.file())
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		d.Build(t, path)
		if arch := d.arch(); arch != "all" && !slices.Contains(a.archs, arch) {
			a.archs = append(a.archs, arch)
		}
	}
	a.Index(t)
}

// Remove takes a package out of the archive, its file as well, and signs it again.
func (a *DebArchive) Remove(t testing.TB, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(a.Dir, "pool/main", name)); err != nil {
		t.Fatal(err)
	}
	a.Index(t)
}

// Index writes the lists of packages and signs them. Options are apt-ftparchive's
// for the Release file, as APT::FTPArchive::Release::NAME=VALUE.
func (a *DebArchive) Index(t testing.TB, options ...string) {
	t.Helper()
	dist := filepath.Join(a.Dir, "dists/stable")
	for _, arch := range a.archs {
		dir := filepath.Join(dist, "main/binary-"+arch)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		list := a.run(t, "apt-ftparchive", "--arch", arch, "packages", "pool")
		if err := os.WriteFile(filepath.Join(dir, "Packages"), list, 0o644); err != nil {
			t.Fatal(err)
		}
		a.run(t, "gzip", "-9nkf", filepath.Join(dir, "Packages"))
	}
	for _, name := range []string{"Release", "InRelease", "Release.gpg"} {
		_ = os.Remove(filepath.Join(dist, name)) // it must not list itself
	}
	args := []string{"apt-ftparchive"}
	for _, o := range append([]string{
		"Origin=Example", "Label=Example", "Suite=stable", "Codename=stable", "Version=1.0", "Components=main", "Architectures=" + strings.Join(a.archs, " ") + " all",
	}, options...) {
		args = append(args, "-o", "APT::FTPArchive::Release::"+o)
	}
	release := a.run(t, append(args, "release", dist)...)
	if err := os.WriteFile(filepath.Join(dist, "Release"), release, 0o644); err != nil {
		t.Fatal(err)
	}
	a.Sign(t)
}

// Sign signs the Release file as it is.
func (a *DebArchive) Sign(t testing.TB) {
	t.Helper()
	dist := filepath.Join(a.Dir, "dists/stable")
	a.run(t, "gpg", "--batch", "--yes", "--clearsign", "--digest-algo", "SHA512", "-o", filepath.Join(dist, "InRelease"), filepath.Join(dist, "Release"))
}

func (a *DebArchive) run(t testing.TB, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir = a.Dir
	cmd.Env = append(os.Environ(), "GNUPGHOME="+a.home, "LC_ALL=C.UTF-8")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

func (d *Deb) arch() string {
	if d.Arch == "" {
		return "all"
	}
	return d.Arch
}

func (d *Deb) file() string {
	_, version, ok := strings.Cut(d.Version, ":")
	if !ok {
		version = d.Version
	}
	return d.Name + "_" + version + "_" + d.arch() + ".deb"
}

// Build writes the package with dpkg-deb.
func (d *Deb) Build(t testing.TB, path string) {
	t.Helper()
	root := t.TempDir()
	for name, content := range d.Files {
		d.put(t, filepath.Join(root, name), strings.HasSuffix(name, "/"), content)
	}
	control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: Nobody <nobody@example.org>\n", d.Name, d.Version, d.arch())
	for _, key := range slices.Sorted(maps.Keys(d.Fields)) {
		control += key + ": " + d.Fields[key] + "\n"
	}
	control += "Description: made up for a test\n"
	d.put(t, filepath.Join(root, "DEBIAN/control"), false, control)
	for name, content := range d.Scripts {
		script := filepath.Join(root, "DEBIAN", name)
		d.put(t, script, false, content)
		if strings.HasPrefix(content, "#!") {
			if err := os.Chmod(script, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, path)
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
}

func (d *Deb) put(t testing.TB, path string, dir bool, content string) {
	t.Helper()
	parent := filepath.Dir(path)
	if dir {
		parent = path
	}
	err := os.MkdirAll(parent, 0o755)
	if target, ok := strings.CutPrefix(content, "-> "); ok && err == nil {
		err = os.Symlink(target, path)
	} else if !dir && err == nil {
		mode := os.FileMode(0o644)
		if strings.Contains(path, "/bin/") {
			mode = 0o755
		}
		err = os.WriteFile(path, []byte(content), mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}
