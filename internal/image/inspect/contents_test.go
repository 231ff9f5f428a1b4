// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/inspect"
	"github.com/strata-build/strata/internal/testenv"
)

// purls are the package URLs of an SPDX document.
func purls(t *testing.T, s *image.Source) []string {
	t.Helper()
	text, err := inspect.SBOM(t.Context(), s, inspect.Options{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Packages []struct {
			ExternalRefs []struct{ ReferenceLocator string }
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range doc.Packages[1:] { // the first one is the image
		out = append(out, p.ExternalRefs[0].ReferenceLocator)
	}
	return out
}

// TestSBOM reads what is installed from the databases, where the last layer
// counts and what is deleted does not.
func TestSBOM(t *testing.T) {
	release := "ID=alpine\nVERSION_ID=3.20.3\n"
	for name, c := range map[string]struct {
		layers [][]testenv.Entry
		want   []string
	}{
		"dpkg and apk": {
			layers: [][]testenv.Entry{
				{
					{Path: "etc/os-release", Symlink: "../usr/lib/os-release"},
					{Path: "usr/lib/os-release", Data: []byte("NAME=x\nID=\"debian\"\nVERSION_ID=\"12\"\n")},
					{Path: "var/lib/dpkg/status", Data: []byte(status1)},
				},
				{
					{Path: "var/lib/dpkg/status", Data: []byte("Package: libc++1\nStatus: hold ok installed\nVersion: 1:14\nArchitecture: amd64\nSource: llvm (2)\n\n" +
						"Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n")},
					{Path: "lib/apk/db/installed", Data: []byte("C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:musl\nV:1.2.5-r0\nA:x86_64\no:musl\nF:lib\n\n")},
				},
			},
			want: []string{
				"pkg:apk/debian/musl@1.2.5-r0?arch=x86_64&distro=debian-12",
				"pkg:deb/debian/libc%2B%2B1@1:14?arch=amd64&distro=debian-12&upstream=llvm",
			},
		},
		"no dpkg": {
			layers: [][]testenv.Entry{
				{
					{Path: "var/lib/dpkg/status.d/base", Data: []byte("Package: base\nVersion: 1\nArchitecture: all\n")},
					{Path: "var/lib/dpkg/status.d/base.md5sums", Data: []byte("no database\n")},
					{Path: "var/lib/dpkg/status.d/old", Data: []byte("Package: old\nVersion: 1\nArchitecture: all\n")},
				},
				{{Path: "var/lib/dpkg/status.d/.wh.old"}},
			},
			want: []string{"pkg:deb/unknown/base@1?arch=all"},
		},
		"deleted database": {
			layers: [][]testenv.Entry{
				{
					{Path: "var/lib/dpkg/status", Data: []byte(status1)},
					{Path: "etc/os-release", Data: []byte(release)},
					{Path: "usr/lib/apk/db/installed", Data: []byte("C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:zlib\nV:1-r0\nA:noarch\no:z\n\n")},
				},
				{{Path: "var/lib/.wh.dpkg"}},
			},
			want: []string{"pkg:apk/alpine/zlib@1-r0?arch=noarch&distro=alpine-3.20&upstream=z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := purls(t, open(t, testenv.Image(t, "amd64", v1.Config{}, c.layers...)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("unexpected packages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSBOMFaults(t *testing.T) {
	none := open(t, testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "etc/motd"}}))
	if _, err := inspect.SBOM(t.Context(), none, inspect.Options{}); !errors.Is(err, inspect.ErrNoPackages) {
		t.Errorf("error %v, want ErrNoPackages", err)
	}
	broken := open(t, testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "var/lib/dpkg/status", Data: []byte("no fields\n")}}))
	if _, err := inspect.SBOM(t.Context(), broken, inspect.Options{}); err == nil || errors.Is(err, inspect.ErrNoPackages) {
		t.Errorf("error %v, want one about the database", err)
	}
}
