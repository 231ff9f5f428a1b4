// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

func TestReadIndex(t *testing.T) {
	text := "Package: a\nVersion: 1\nArchitecture: amd64\nDepends: b,\n c\n\n\nPackage: a\nversion: 2\nArchitecture: all\n\n" +
		"Package: a\nVersion: 3\nArchitecture: arm64\n"
	x, err := ReadIndex(strings.NewReader(text), Options{Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	if x.Len() != 2 || x.Entry(0).Relations[control.Depends] != "b,\n c" || x.Entry(1).Version != "2" {
		t.Errorf("%d packages: %+v, %+v", x.Len(), x.Entry(0), x.Entry(1))
	}
}

func TestReadIndexErrors(t *testing.T) {
	for text, want := range map[string]string{
		"Package: a\n": "r:1: a paragraph without a Package or a Version",
		"Package: a\nVersion: 1\nArchitecture: all\nwhat\n": `r:4: "what" is not a field: expected "Name: value"`,
		"Package: a\nVersion: 1/2\n":                        `r:1: "a" "1/2" is not a name and a version`,
		"Package: a\nVersion: 1\n 2\n":                      `r:1: "a" "1\n 2" is not a name and a version`,
		strings.Repeat("x", 101):                            "read the package index r: larger than allowed: 100 bytes",
	} {
		_, err := ReadIndex(strings.NewReader(text), Options{Repository: "r", MaxBytes: 100})
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := ReadIndex(io.MultiReader(strings.NewReader("Package: a\n"), failing{}), Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReadStatus(t *testing.T) {
	text := "Package: a\nStatus: hold ok installed\nVersion: 1\nArchitecture: amd64\nEssential: yes\nConffiles:\n /etc/a 0123\n\n" +
		"Package: b\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: amd64\n\n" +
		"Package: c\nVersion: 1\nArchitecture: amd64\n"
	s, err := ReadStatus(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	got := s.Packages()
	want := []Installed{
		{Name: "a", Version: "1", Architecture: "amd64", Essential: true, Held: true, Conffiles: "\n /etc/a 0123", Control: text[:strings.Index(text, "\n\n")+1]},
		{Name: "c", Version: "1", Architecture: "amd64", Control: "Package: c\nVersion: 1\nArchitecture: amd64\n"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, status := range []string{"install ok half-configured", "install reinstreq installed", "install ok unpacked", "what"} {
		_, err := ReadStatus(strings.NewReader("Package: a\nStatus: " + status + "\nVersion: 1\n"))
		var broken *BrokenInstallError
		if !errors.As(err, &broken) || broken.Name != "a" {
			t.Errorf("%s: %v", status, err)
		}
	}
}
