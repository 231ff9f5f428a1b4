// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// scanned is what syft finds in an image layout, by the kinds of its packages.
func scanned(t *testing.T, dir string) map[string][]string {
	t.Helper()
	text := testenv.Output(t, "syft", "scan", "--quiet", "oci-dir:"+dir, "-o", "json")
	var found struct {
		Artifacts []struct{ Name, Version, Type string }
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, a := range found.Artifacts {
		out[a.Type] = append(out[a.Type], a.Name+" "+a.Version)
	}
	for _, names := range out {
		slices.Sort(names)
	}
	return out
}

// installed is what a base's dpkg has.
func installed(t *testing.T) []string {
	t.Helper()
	var out []string
	for stanza := range strings.SplitSeq(testenv.Output(t, "tar", "-xOf", testenv.DebianTree(t), "./var/lib/dpkg/status"), "\n\n") {
		if _, rest, ok := strings.Cut(stanza, "Package: "); ok {
			name, _, _ := strings.Cut(rest, "\n")
			_, version, _ := strings.Cut(rest, "\nVersion: ")
			version, _, _ = strings.Cut(version, "\n")
			out = append(out, name+" "+version)
		}
	}
	return out
}

// TestScanner shows that a scanner finds in an image exactly what the lock has,
// and what the base has: with packages from files, and on a base that was brought up
// to date.
func TestScanner(t *testing.T) {
	h := house.New(t)
	debs, apks := house.Hello(t), tools(t)
	debs.Add(t, testenv.Deb{Name: "tool", Version: "1"}, testenv.Deb{Name: "tool", Version: "2", Fields: map[string]string{"Depends": "brandnew"}}, testenv.Deb{Name: "brandnew", Version: "1"})
	local, _ := apks.Build(t, &testenv.APK{Name: "local", Version: "2-r0", Info: []string{"depend = docs"}, Files: map[string]string{"usr/share/local": "local\n"}})
	repository := "{type: deb, uri: \"" + debs.URL + "\", suites: [stable], components: [main], signed_by: key.asc}"
	for name, c := range map[string]struct {
		file, kind string
		base       []string
	}{
		"scratch": {"layers: [{packages: {scripts: skip, names: [hello, other, \"./dist/*.deb\"], repositories: [" + repository + "]}}]", "deb", nil},
		"debian": {
			"targets: {old: {from: " + configuredBase(t, h, debs, "scanned:1") + ", layers: [{packages: [tool=1]}]}}\nfrom: target:old\nlayers:\n" +
				"  - packages: {names: [hello, \"./dist/*.deb\"], upgrade: true}\n  - packages: [other]", "deb", installed(t),
		},
		"alpine": {
			"from: " + apkBase(t, h, apks) + "\nlayers: [{packages: {names: [plain, ./local.apk], upgrade: true}}]", "apk", []string{"busybox 1.36-r0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\n"+c.file+"\n")
			house.Write(t, filepath.Join(dir, "key.asc"), debs.Keyring)
			house.Write(t, filepath.Join(dir, "local.apk"), local)
			house.Debs(t, filepath.Join(dir, "dist"), app("first\n"), testenv.Deb{Name: "plug", Version: "2"})
			h.MustLock(t, debs, dir, "--platform=linux/amd64")
			out := filepath.Join(t.TempDir(), "out")
			h.ByStrata().Must(t, house.Flags(dir, "--platform=linux/amd64", "-o", "type=oci,tar=false,dest="+out)...)
			found := scanned(t, out)
			wanted := slices.Sorted(slices.Values(append(house.LockedNames(t, dir), c.base...)))
			if diff := cmp.Diff(wanted, found[c.kind]); diff != "" {
				t.Errorf("unexpected packages (-want +got):\n%s", diff)
			}
			if name == "scratch" && len(found) != 1 {
				t.Errorf("the scanner finds other things: %v", found)
			}
		})
	}
}

// purls are the package URLs of an SPDX document but for the image itself, sorted.
func purls(t *testing.T, text string) []string {
	t.Helper()
	var doc struct {
		Packages []struct {
			ExternalRefs []struct{ ReferenceLocator string }
		}
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var out []string
	for _, p := range doc.Packages {
		for _, r := range p.ExternalRefs {
			out = append(out, r.ReferenceLocator)
		}
	}
	slices.Sort(out)
	return out
}

// TestListOfContents shows that the lock's list of an image's packages, as it is
// attached and as "strata lock" prints it, is what "strata inspect" reads from an
// image that has none attached.
func TestListOfContents(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	a.Add(t, testenv.Deb{Name: "release", Version: "1", Files: map[string]string{"usr/lib/os-release": "ID=example\nVERSION_ID=\"1.0\"\n"}})
	dir := h.PackagesProject(t, a, "hello, release")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	strata := func(args ...string) string {
		t.Helper()
		out, err := h.CLI.Command(args...).Output()
		if err != nil {
			t.Fatalf("strata %v: %v", args, err)
		}
		return string(out)
	}
	build := func(more ...string) string {
		out := filepath.Join(t.TempDir(), "out")
		h.ByStrata().Must(t, house.Flags(dir, append(more, "--build-arg", "MIRROR="+a.URL, "--platform=linux/amd64", "-o", "type=oci,tar=false,dest="+out)...)...)
		return "oci:" + out
	}
	attached := strata("inspect", "--sbom", build("--sbom=true"))
	want := []string{
		"pkg:deb/example/hello-data@2.0?arch=all&distro=example-1.0", "pkg:deb/example/hello@1:2.0-1?arch=amd64&distro=example-1.0",
		"pkg:deb/example/release@1?arch=all&distro=example-1.0",
	}
	if diff := cmp.Diff(want, purls(t, attached)); diff != "" {
		t.Errorf("what is attached (-want +got):\n%s", diff)
	}
	if !strings.Contains(attached, `"checksumValue"`) {
		t.Errorf("what is attached has no digests:\n%s", attached)
	}
	for what, text := range map[string]string{
		"what is read from the image": strata("inspect", "--sbom", build()),
		"what strata lock prints":     strata("lock", "--sbom", dir),
	} {
		if diff := cmp.Diff(want, purls(t, text)); diff != "" {
			t.Errorf("%s (-attached +got):\n%s", what, diff)
		}
	}
}
