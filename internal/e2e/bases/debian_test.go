// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package bases

import (
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestTwoPackagesLayers puts packages of two layers into one image, with a command
// between them that needs the first ones: resolved together, with one database at
// the end.
func TestTwoPackagesLayers(t *testing.T) {
	h := house.New(t)
	a := house.Services(t)
	dir := h.OnDebian(t, a, testenv.DebianBase(t), `
  - packages: {names: [third], REPOSITORIES}
  - build: {run: "id -u third zeroth second >/numbers"}
  - packages: [first]
`)
	w := h.ByStrata()
	image := w.Image(t, h, "", house.Flags(dir)...)
	house.Want(t, "what is installed", h.Healthy(t, image, "first second third zeroth"), "ii first 1\nii second 1\nii third 1\nii zeroth 1\n")
	root := house.SomeOf(t, h, image, "numbers", "etc/passwd")
	house.Want(t, "the numbers of accounts", house.Read(t, root, "numbers"), "997\n999\n998\n")
	house.Contains(t, house.Read(t, root, "etc/passwd"), "zeroth:x:999:", "second:x:998:", "third:x:997:", "first:x:996:")
	house.Contains(t, house.LayersOf(t, h, image), "packages second, third, zeroth", "packages: install third", "packages first", "packages: install first")
	house.Validate(t, h, image)
}

// TestTwoPackagesLayersOnScratch does the same without a base, where no command
// runs.
func TestTwoPackagesLayersOnScratch(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	dir := h.PackagesProject(t, a, "hello")
	house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(house.Read(t, dir, "strata.yaml")+"  - packages: [other]\n"))
	image := h.ByStrata().Image(t, h, "", house.Flags(dir, "--build-arg", "MIRROR="+a.URL)...)
	status := house.Read(t, house.Unpack(t, h, image), "var/lib/dpkg/status")
	for _, name := range []string{"hello", "hello-data", "other"} {
		if n := len(regexp.MustCompile("(?m)^Package: "+name+"$").FindAllString(status, -1)); n != 1 {
			t.Errorf("%s is in the database %d times:\n%s", name, n, status)
		}
	}
	house.Contains(t, house.LayersOf(t, h, image), "packages hello, hello-data", "packages other", "packages: install other")
	house.Validate(t, h, image)
}

// TestCommandBeforePackages shows that what a lock says of the base doesn't hold
// after a command that changes it.
func TestCommandBeforePackages(t *testing.T) {
	h := house.New(t)
	a := house.Services(t)
	dir := h.OnDebian(t, a, testenv.DebianBase(t)+"@"+house.Digest(t, testenv.DebianBase(t)), `
  - build: {run: "true"}
  - packages: {names: [first], REPOSITORIES}
users: [{name: app, groups: [first]}]
`)
	h.MustLock(t, a, dir)
	if strings.Contains(house.Read(t, dir, "strata.lock"), "installer:") {
		t.Fatalf("the lock has an installer of its own:\n%s", house.Read(t, dir, "strata.lock"))
	}
	house.Replace(t, filepath.Join(dir, "strata.yaml"), `"true"`, `"echo mine >/usr/share/first"`)
	image := h.ByStrata().Image(t, h, "", house.Flags(dir)...)
	house.Want(t, "what is installed", h.Healthy(t, image, "first"), "ii first 1\n")
	root := house.SomeOf(t, h, image, "usr/share/first", "etc/group")
	house.Want(t, "the package's file", house.Read(t, root, "usr/share/first"), "1\n")
	house.Contains(t, house.Read(t, root, "etc/group"), "\napp:x:1000:\n", "\nfirst:x:999:app\n")
	house.Contains(t, house.LayersOf(t, h, image), "packages: install first")

	between := h.OnDebian(t, a, testenv.DebianBase(t), `
  - packages: {names: [third], REPOSITORIES}
  - build: {run: "echo mine >/usr/share/first"}
  - packages: [first]
`)
	out, err := h.Strata(house.Flags(between)...)
	if err == nil {
		t.Errorf("a file in the way of registered packages is not an error:\n%s", out)
	}
	house.Contains(t, out, "the base has /usr/share/first already, which first has too", "let what made it so come after all packages")
}

// TestWithoutApt installs on a base that has dpkg and no apt, packages that can't be
// registered, one of which needs another one before it is unpacked.
func TestWithoutApt(t *testing.T) {
	h := house.New(t)
	a := house.Services(t)
	base := h.Registry.Push(t, "no-apt:1", testenv.DebianImage(t, []testenv.Entry{
		{Path: "usr/"},
		{Path: "usr/bin/"},
		{Path: "usr/bin/.wh.apt-get"},
		{Path: "usr/share/"},
		{Path: "usr/share/first", Data: []byte("in the way\n")},
	}))
	dir := h.OnDebian(t, a, base, "  - packages: {names: [third, first], REPOSITORIES}\n")
	image := h.ByStrata().Image(t, h, "", house.Flags(dir)...)
	house.Want(t, "what is installed", h.Healthy(t, image, "first second third zeroth"),
		"missing     /usr/bin/apt-get\nii first 1\nii second 1\nii third 1\nii zeroth 1\n")
	house.Contains(t, house.Read(t, house.SomeOf(t, h, image, "etc/passwd"), "etc/passwd"), "zeroth:x:999:")
}

// TestNothingEmulated builds for an architecture that nothing here can run: on
// scratch, packages need no step of it.
func TestNothingEmulated(t *testing.T) {
	h := house.New(t)
	if runtime.GOARCH == "s390x" {
		t.Skip("this machine runs s390x")
	}
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "lib", Version: "1", Arch: "s390x", Files: map[string]string{"usr/lib/s390x-linux-gnu/lib": "lib\n"}})
	dir := h.PackagesProject(t, a, "lib")
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir, "--platform", "linux/s390x", "--build-arg", "MIRROR="+a.URL)...)
		house.Contains(t, house.Read(t, out, "var/lib/dpkg/status"), "Package: lib\nStatus: install ok installed\n", "Architecture: s390x")
		house.Want(t, "the file", house.Read(t, out, "usr/lib/s390x-linux-gnu/lib"), "lib\n")
	})
}
