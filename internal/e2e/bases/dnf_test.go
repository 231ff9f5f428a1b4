// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package bases

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// rpms is a repository with a package that needs another one, one that recommends
// another one, and what stands for the distribution's own.
func rpms(t *testing.T) *testenv.RPMArchive {
	return testenv.NewRPMArchive(t,
		testenv.RPM{Name: "shell", Version: "1", Tags: []string{"Provides: /bin/sh"}, Files: map[string]string{"/etc/shells": "/bin/sh\n"}},
		testenv.RPM{Name: "hello", Version: "2", Tags: []string{"Requires: hello-data >= 2"}, Files: map[string]string{"/usr/bin/hello": "#!/bin/sh\ncat /usr/share/hello\n"}},
		testenv.RPM{Name: "hello-data", Version: "2", Files: map[string]string{"/usr/share/hello": "hello\n"}, Post: "echo configured >/etc/hello\n"},
		testenv.RPM{Name: "more", Version: "1", Tags: []string{"Recommends: extra"}, Files: map[string]string{"/usr/share/more": "more\n"}},
		testenv.RPM{Name: "extra", Version: "1", Files: map[string]string{"/usr/share/extra": "extra\n"}},
	)
}

// dnfBase pushes a base whose own dnf knows an archive.
func dnfBase(t *testing.T, h *house.House, a *testenv.RPMArchive) string {
	t.Helper()
	return h.Registry.Push(t, "dnf:1", testenv.DNFImage(t, []testenv.Entry{
		{Path: "etc/"},
		{Path: "etc/dnf/"},
		{Path: "etc/dnf/vars/"},
		{Path: "etc/dnf/vars/releasever", Data: []byte("1\n")},
		{Path: "etc/yum.repos.d/"},
		{Path: "etc/yum.repos.d/ours.repo", Data: []byte("[ours]\nname=ours\nbaseurl=" + a.URL + "\ngpgcheck=0\n")},
	}))
}

// TestDNF installs with the base's own dnf: no lock, nothing left behind, and what
// was fetched once is kept for the next build.
func TestDNF(t *testing.T) {
	h := house.New(t)
	a := rpms(t)
	base := dnfBase(t, h, a)
	// The images are looked at in steps of other targets, because they are large.
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: `+base+`
layers:
  - packages: [hello]
  - packages: [more]
targets:
  before: {layers: [{build: {from: "`+base+`", source: ., run: [sh, look, $out]}}]}
  after: {layers: [{build: {from: target:default, source: ., run: [sh, look, $out]}}]}
-- look --
set -e
find /var/cache /var/log /tmp | sort >$1/left
rpm --query --all --queryformat '%{NAME} %{VERSION}\n' | sort >$1/said
[ ! -e /etc/hello ] || cp /etc/hello $1/
`)
	look := func(target string, more ...string) (said, progress string) {
		t.Helper()
		out := filepath.Join(t.TempDir(), "out")
		progress = h.ByStrata().Must(t, house.Flags(dir, append(more, "--target", target, "-o", out)...)...)
		return out, progress
	}
	before, _ := look("before")
	after, progress := look("after")
	if strings.Contains(progress, "not locked") {
		t.Errorf("there is talk of a lock:\n%s", progress)
	}
	house.Want(t, "what is installed", house.Read(t, after, "said"), "hello 2\nhello-data 2\nmore 1\nshell 1\n")
	house.Want(t, "what the script did", house.Read(t, after, "hello"), "configured\n")
	if diff := cmp.Diff(strings.Split(house.Read(t, before, "left"), "\n"), strings.Split(house.Read(t, after, "left"), "\n")); diff != "" {
		t.Errorf("what is left behind (-base +image):\n%s", diff)
	}

	if out, err := h.Strata(house.Flags(dir, "--target", "strata.lock", "-o", filepath.Join(t.TempDir(), "lock"))...); err != nil {
		t.Errorf("lock: %v\n%s", err, out)
	}
	a.Reset()
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "[hello]", "[hello, extra]")
	look("after")
	if n := len(a.Requests()); n != 1 || a.Requests()[0].Path != "/noarch/extra-1-1.noarch.rpm" {
		t.Errorf("for one package more the archive was asked for\n%s", a)
	}
	dnfFaults(t, h, base)
}

// dnfFaults asks the base's dnf for what it hasn't, and Strata for what dnf can't do.
func dnfFaults(t *testing.T, h *house.House, base string) {
	for layer, wanted := range map[string][]string{
		"{names: [hello, nowhere]}":                     {"strata.yaml:4:5: ", "No match for argument: nowhere"},
		"{names: [hello], scripts: skip}":               {"strata.yaml:4:41: ", "scripts: skip: dnf runs maintainer scripts always"},
		"{names: [hello], repositories: [{type: rpm}]}": {"strata.yaml:4:54: ", `want deb or apk, found "rpm"`},
	} {
		dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: "+layer+"\n")
		out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
		if err == nil {
			t.Errorf("%s is not an error:\n%s", layer, out)
		}
		house.Contains(t, out, wanted...)
	}
}

// TestMicroDNF installs with a program that only writes down what it was asked, and
// writes where microdnf does: Debian has none.
func TestMicroDNF(t *testing.T) {
	h := house.New(t)
	base := testenv.BusyboxImage(t, h.Registry, "microdnf:1", testenv.BusyboxTweaks{Only: runtime.GOARCH, Extra: []testenv.Entry{
		{Path: "usr/bin/microdnf", Mode: 0o755, Data: []byte(`#!/bin/sh
set -e
echo "$*" >/asked
mkdir -p /var/cache/yum/metadata /var/cache/yum/solv
touch /var/cache/yum/metadata/repomd.xml /var/cache/yum/solv/a /var/log/dnf.log
`)},
	}})
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [one, two]\n")
	out := filepath.Join(t.TempDir(), "out")
	h.ByStrata().Must(t, house.Flags(dir, "-o", out)...)
	house.Want(t, "what microdnf was asked", house.Read(t, out, "asked"), "install -y --setopt=install_weak_deps=0 one two\n")
	for _, name := range []string{"var/cache/yum", "var/log/dnf.log"} {
		if _, err := os.Lstat(filepath.Join(out, name)); !os.IsNotExist(err) {
			t.Errorf("the image has /%s: %v", name, err)
		}
	}
}
