// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// services is an archive with packages that make accounts, and one that needs
// another one before it is unpacked.
func services(t *testing.T) *testenv.DebArchive {
	account := func(name string) map[string]string {
		return map[string]string{"postinst": "#!/bin/sh\nset -e\nuseradd --system --no-create-home " + name + "\n"}
	}
	return testenv.NewDebArchive(t,
		testenv.Deb{Name: "first", Version: "1", Scripts: account("first"), Files: map[string]string{"usr/share/first": "1\n"}},
		testenv.Deb{Name: "second", Version: "1", Scripts: account("second"), Fields: map[string]string{"Pre-Depends": "zeroth"}},
		testenv.Deb{Name: "third", Version: "1", Scripts: account("third"), Fields: map[string]string{"Depends": "second"}},
		testenv.Deb{Name: "zeroth", Version: "1", Scripts: account("zeroth")},
	)
}

// onDebian is a project on a base of Debian with further layers, whose packages
// come from an archive.
func (h *house) onDebian(t *testing.T, a *testenv.DebArchive, base, layers string) string {
	t.Helper()
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n"+strings.ReplaceAll(layers, "REPOSITORIES",
		"repositories: [{type: deb, uri: \""+a.URL+"\", suites: [stable], components: [main], signed_by: key.asc}]"))
	write(t, filepath.Join(dir, "key.asc"), a.Keyring)
	return dir
}

// healthy asks the tools of an image whether its packages are whole, and returns
// what is installed of some packages.
func (h *house) healthy(t *testing.T, image, packages string) string {
	t.Helper()
	// The image is large: what comes out has only what it says.
	dir := h.project(t, `
-- strata.yaml --
{syntax}
layers:
  - build:
      from: "{registry}/`+image+`"
      run: |
        {
          dpkg --audit
          dpkg --verify
          [ ! -x /usr/bin/apt-get ] || apt-get check -qq -o Debug::NoLocking=1 -o Dir::Cache=/tmp
          dpkg-query --show --showformat '${db:Status-Abbrev}${Package} ${Version}\n' `+packages+`
        } >$out/said 2>&1
`)
	return read(t, way{"strata", h.strata}.files(t, flags(dir)...), "said")
}

// layersOf are the words of the image's layers.
func layersOf(t *testing.T, h *house, image string) string {
	t.Helper()
	var words []string
	for _, entry := range raw(t, h, image, "--config")["history"].([]any) {
		if text, ok := dig(entry, "created_by").(string); ok {
			words = append(words, text)
		}
	}
	return strings.Join(words, "\n")
}

// TestTwoPackagesLayers puts packages of two layers into one image, with a command
// between them that needs the first ones: resolved together, with one database at
// the end.
func TestTwoPackagesLayers(t *testing.T) {
	h := newHouse(t)
	a := services(t)
	dir := h.onDebian(t, a, testenv.DebianBase(t), `
  - packages: {names: [third], REPOSITORIES}
  - build: {run: "id -u third zeroth second >/numbers"}
  - packages: [first]
`)
	w := way{"strata", h.strata}
	image := w.image(t, h, "", flags(dir)...)
	want(t, "what is installed", h.healthy(t, image, "first second third zeroth"), "ii first 1\nii second 1\nii third 1\nii zeroth 1\n")
	root := someOf(t, h, image, "numbers", "etc/passwd")
	want(t, "the numbers of accounts", read(t, root, "numbers"), "997\n999\n998\n")
	contains(t, read(t, root, "etc/passwd"), "zeroth:x:999:", "second:x:998:", "third:x:997:", "first:x:996:")
	contains(t, layersOf(t, h, image), "packages second, third, zeroth", "packages: install third", "packages first", "packages: install first")
	validate(t, h, image)
}

// TestTwoPackagesLayersOnScratch does the same without a base, where no command
// runs.
func TestTwoPackagesLayersOnScratch(t *testing.T) {
	h := newHouse(t)
	a := hello(t)
	dir := h.packagesProject(t, a, "hello")
	write(t, filepath.Join(dir, "strata.yaml"), []byte(read(t, dir, "strata.yaml")+"  - packages: [other]\n"))
	image := way{"strata", h.strata}.image(t, h, "", flags(dir, "--build-arg", "MIRROR="+a.URL)...)
	status := read(t, unpack(t, h, image), "var/lib/dpkg/status")
	for _, name := range []string{"hello", "hello-data", "other"} {
		if n := len(regexp.MustCompile("(?m)^Package: "+name+"$").FindAllString(status, -1)); n != 1 {
			t.Errorf("%s is in the database %d times:\n%s", name, n, status)
		}
	}
	contains(t, layersOf(t, h, image), "packages hello, hello-data", "packages other", "packages: install other")
	validate(t, h, image)
}

// TestCommandBeforePackages shows that what a lock says of the base doesn't hold
// after a command that changes it.
func TestCommandBeforePackages(t *testing.T) {
	h := newHouse(t)
	a := services(t)
	dir := h.onDebian(t, a, testenv.DebianBase(t)+"@"+digestOf(t, testenv.DebianBase(t)), `
  - build: {run: "true"}
  - packages: {names: [first], REPOSITORIES}
`)
	h.mustLock(t, a, dir)
	if strings.Contains(read(t, dir, "strata.lock"), "installer:") {
		t.Fatalf("the lock has an installer of its own:\n%s", read(t, dir, "strata.lock"))
	}
	replace(t, filepath.Join(dir, "strata.yaml"), `"true"`, `"echo mine >/usr/share/first"`)
	image := way{"strata", h.strata}.image(t, h, "", flags(dir)...)
	want(t, "what is installed", h.healthy(t, image, "first"), "ii first 1\n")
	want(t, "the package's file", read(t, someOf(t, h, image, "usr/share/first"), "usr/share/first"), "1\n")
	contains(t, layersOf(t, h, image), "packages: install first")

	between := h.onDebian(t, a, testenv.DebianBase(t), `
  - packages: {names: [third], REPOSITORIES}
  - build: {run: "echo mine >/usr/share/first"}
  - packages: [first]
`)
	out, err := h.strata(flags(between)...)
	if err == nil {
		t.Errorf("a file in the way of registered packages is not an error:\n%s", out)
	}
	contains(t, out, "the base has /usr/share/first already, which first has too", "let the command that made it so come after all packages")
}

// digestOf is the digest of an image in a registry.
func digestOf(t *testing.T, ref string) string {
	t.Helper()
	return strings.TrimSpace(testenv.Output(t, "crane", "digest", "--insecure", ref))
}

// TestWithoutApt installs on a base that has dpkg and no apt, packages that can't be
// registered, one of which needs another one before it is unpacked.
func TestWithoutApt(t *testing.T) {
	h := newHouse(t)
	a := services(t)
	base := h.registry.Push(t, "no-apt:1", testenv.DebianImage(t, []testenv.Entry{
		{Path: "usr/"},
		{Path: "usr/bin/"},
		{Path: "usr/bin/.wh.apt-get"},
		{Path: "usr/share/"},
		{Path: "usr/share/first", Data: []byte("in the way\n")},
	}))
	dir := h.onDebian(t, a, base, "  - packages: {names: [third, first], REPOSITORIES}\n")
	image := way{"strata", h.strata}.image(t, h, "", flags(dir)...)
	want(t, "what is installed", h.healthy(t, image, "first second third zeroth"),
		"missing     /usr/bin/apt-get\nii first 1\nii second 1\nii third 1\nii zeroth 1\n")
	contains(t, read(t, someOf(t, h, image, "etc/passwd"), "etc/passwd"), "zeroth:x:999:")
}

// TestNothingEmulated builds for an architecture that nothing here can run: on
// scratch, packages need no step of it.
func TestNothingEmulated(t *testing.T) {
	h := newHouse(t)
	if runtime.GOARCH == "s390x" {
		t.Skip("this machine runs s390x")
	}
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "lib", Version: "1", Arch: "s390x", Files: map[string]string{"usr/lib/s390x-linux-gnu/lib": "lib\n"}})
	dir := h.packagesProject(t, a, "lib")
	h.each(t, func(t *testing.T, w way) {
		out := w.files(t, flags(dir, "--platform", "linux/s390x", "--build-arg", "MIRROR="+a.URL)...)
		contains(t, read(t, out, "var/lib/dpkg/status"), "Package: lib\nStatus: install ok installed\n", "Architecture: s390x")
		want(t, "the file", read(t, out, "usr/lib/s390x-linux-gnu/lib"), "lib\n")
	})
}
