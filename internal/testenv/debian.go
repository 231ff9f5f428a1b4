// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// DebianTree is the tar archive of a small Debian, with apt and dpkg and little
// else, of this machine's release and architecture.
func DebianTree(t testing.TB) string {
	t.Helper()
	file := filepath.Join(debianDir(t), "base.tar")
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("find Debian's base: %v: run hack/install", err)
	}
	return file
}

func debianDir(t testing.TB) string {
	t.Helper()
	return filepath.Join(Root(t), ".cache", "debian")
}

// DebianBase is the reference of an image of [DebianTree] in the shared registry.
func DebianBase(t testing.TB) string {
	t.Helper()
	return sharedImage(t, "debian", func(r *Registry) string {
		return r.Push(t, "debian:1", DebianImage(t))
	})
}

// DebianImage is an image of [DebianTree] with further layers.
func DebianImage(t testing.TB, layers ...[]Entry) v1.Image {
	t.Helper()
	return imageOf(t, DebianTree(t), layers...)
}

// DNFImage is an image with dnf and rpm and without dpkg's database, with further
// layers.
func DNFImage(t testing.TB, layers ...[]Entry) v1.Image {
	t.Helper()
	base := []Entry{{Path: "var/"}, {Path: "var/lib/"}, {Path: "var/lib/.wh.dpkg"}}
	return imageOf(t, filepath.Join(debianDir(t), "dnf.tar"), append([][]Entry{base}, layers...)...)
}

// imageOf is an image of a tar archive with further layers.
func imageOf(t testing.TB, tree string, layers ...[]Entry) v1.Image {
	t.Helper()
	image, err := mutate.AppendLayers(empty.Image, sharedLayer(t, tree))
	if err != nil {
		t.Fatalf("make image: %v", err)
	}
	for _, entries := range layers {
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(Tar(t, entries))), nil
		})
		if err != nil {
			t.Fatalf("make layer: %v", err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			t.Fatalf("make image: %v", err)
		}
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatalf("make image: %v", err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if image, err = mutate.ConfigFile(image, file); err != nil {
		t.Fatalf("make image: %v", err)
	}
	return image
}

// DebianKeyring is the file with the keys of Debian's archive, which every Debian has.
const DebianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// DebianMirror is the address of the archive that [DebianTree] is from, and the
// name of its suite.
func DebianMirror(t testing.TB) (uri, suite string) {
	t.Helper()
	for line := range strings.SplitSeq(osRelease(t), "\n") {
		if name, ok := strings.CutPrefix(line, "VERSION_CODENAME="); ok {
			suite = name
		}
	}
	for line := range strings.SplitSeq(ownApt(t, "/dev/null", "indextargets", "--format", "$(CREATED_BY) $(CODENAME) $(REPO_URI)"), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Packages" && f[1] == suite {
			return strings.TrimSuffix(f[2], "/"), suite
		}
	}
	t.Fatalf("find the archive of %s: apt's configuration doesn't name it", suite)
	return "", ""
}

func osRelease(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// DebianOnScratch are the layers of a build file that put a Debian with apt together
// without running anything of it, for any architecture. The context must have the
// keys of [DebianKeyring] as key.gpg.
func DebianOnScratch(t testing.TB) string {
	t.Helper()
	uri, suite := DebianMirror(t)
	return fmt.Sprintf(`layers:
  - packages:
      names: [apt, base-files, base-passwd, bash, coreutils, dash, debian-archive-keyring, debianutils, diffutils, dpkg, findutils, grep, gzip,
        libc-bin, libsystemd0, mawk, perl-base, sed, tar, usr-is-merged, util-linux]
      scripts: skip
      repositories: [{type: deb, uri: %q, suites: [%s], components: [main], signed_by: key.gpg}]
  - files:
      - {dest: /etc/passwd, content: "root:x:0:0:root:/root:/bin/bash\n_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n"}
      - {dest: /etc/group, content: "root:x:0:\nnogroup:x:65534:\n"}
`, uri, suite)
}

// A DebianPackage is a package of the archive that this machine's apt knows.
type DebianPackage struct {
	Name, Version, Arch string
	URL, SHA256         string
	// Size is in bytes.
	Size int64
}

// DebianPackages are what apt would install in [DebianTree] for the names, in the
// order in which it would configure them.
func DebianPackages(t testing.TB, names ...string) []DebianPackage {
	t.Helper()
	return askApt(t, filepath.Join(debianDir(t), "status"), names)
}

// DebianPackagesOnNothing are the same where no package is installed.
func DebianPackagesOnNothing(t testing.TB, names ...string) []DebianPackage {
	t.Helper()
	return askApt(t, "/dev/null", names)
}

func askApt(t testing.TB, status string, names []string) []DebianPackage {
	t.Helper()
	byName := map[string]DebianPackage{}
	lines := bufio.NewScanner(strings.NewReader(ownApt(t, status, append([]string{"--print-uris", "--yes", "-o", "Acquire::ForceHash=SHA256", "install"}, names...)...)))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 4 && strings.HasPrefix(f[0], "'") {
			p := parseURI(t, f)
			byName[p.Name] = p
		}
	}
	var ordered []DebianPackage
	lines = bufio.NewScanner(strings.NewReader(ownApt(t, status, append([]string{"--simulate", "install"}, names...)...)))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) > 1 && f[0] == "Conf" {
			name, _, _ := strings.Cut(f[1], ":")
			if p, ok := byName[name]; ok {
				ordered = append(ordered, p)
				delete(byName, name)
			}
		}
	}
	if len(byName) > 0 || len(ordered) == 0 {
		t.Fatalf("ask apt for %q: it doesn't configure %v", names, byName)
	}
	return ordered
}

// parseURI reads a line of apt-get --print-uris: 'URL' NAME_VERSION_ARCH.deb SIZE SHA256:SUM.
func parseURI(t testing.TB, f []string) DebianPackage {
	t.Helper()
	parts := strings.Split(strings.TrimSuffix(path.Base(f[1]), ".deb"), "_")
	size, err := strconv.ParseInt(f[2], 10, 64)
	sum, ok := strings.CutPrefix(f[3], "SHA256:")
	if err != nil || !ok || len(parts) != 3 {
		t.Fatalf("read %q of apt", f)
	}
	return DebianPackage{
		Name: parts[0], Version: strings.ReplaceAll(parts[1], "%3a", ":"), Arch: parts[2],
		URL: strings.Trim(f[0], "'"), SHA256: sum, Size: size,
	}
}

// ownApt asks an apt that knows the archive's packages, and has those of a status
// file installed.
func ownApt(t testing.TB, status string, args ...string) string {
	t.Helper()
	dir := debianDir(t)
	argv := []string{"-q"}
	for _, option := range []string{
		"Dir::State=" + dir, "Dir::State::lists=" + dir + "/lists", "Dir::State::status=" + status, "Dir::Cache=" + Dir(t),
		"APT::Install-Recommends=false", "Debug::NoLocking=1", "APT::Sandbox::User=root",
	} {
		argv = append(argv, "-o", option)
	}
	cmd := exec.Command("apt-get", append(argv, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("apt-get %q: %v\n%s%s", args, err, out, exitText(err))
	}
	return string(out)
}

func exitText(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return fmt.Sprint(err)
}
