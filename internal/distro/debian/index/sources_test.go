// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSources(t *testing.T) {
	text := `# a comment
deb [ arch=amd64,arm64 signed-by=/k.gpg trusted=yes lang=none ] https://example.org/debian bookworm main contrib # and more
deb-src https://example.org/debian bookworm main
deb [enabled=no] https://example.org/debian bookworm main

deb https://example.org/flat/$(ARCH) ./
`
	got, err := ReadSources("/etc/apt/sources.list", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{
		{
			URIs: []string{"https://example.org/debian"}, Suites: []string{"bookworm"}, Components: []string{"main", "contrib"},
			Architectures: []string{"amd64", "arm64"}, SignedBy: []string{"/k.gpg"}, Trusted: true,
			Options: map[string]string{"lang": "none"}, Line: 2,
		},
		{URIs: []string{"https://example.org/flat/$(ARCH)"}, Suites: []string{"./"}, Components: []string{}, Line: 6},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s, ok := got[1].For("arm64"); !ok || s.URIs[0] != "https://example.org/flat/arm64" || got[1].URIs[0] == s.URIs[0] {
		t.Error(s, ok)
	}
	if _, ok := got[0].For("riscv64"); ok {
		t.Error("an entry of other architectures counts")
	}
}

func TestReadSourceParagraphs(t *testing.T) {
	text := `# a comment
Types: deb deb-src
URIs: https://example.org/debian https://example.com/debian
Suites: bookworm bookworm-updates
# one within
Components: main
Signed-By: /usr/share/keyrings/a.gpg, /b.gpg

Types: deb-src
URIs: https://example.org
Suites: ./

Enabled: no
Types: deb
URIs: https://example.org
Suites: x
Components: main

Types: deb
URIs: https://example.org
Suites: x/
Trusted: yes
Architectures: amd64
Languages: none
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
`
	got, err := ReadSources("debian.sources", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{
		{
			URIs: []string{"https://example.org/debian", "https://example.com/debian"}, Suites: []string{"bookworm", "bookworm-updates"},
			Components: []string{"main"}, SignedBy: []string{"/usr/share/keyrings/a.gpg", "/b.gpg"}, Line: 2,
		},
		{
			URIs: []string{"https://example.org"}, Suites: []string{"x/"}, Trusted: true, Architectures: []string{"amd64"},
			Key:     "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n",
			Options: map[string]string{"languages": "none"}, Line: 19,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadSourcesErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"l", "\nrpm x", `l:2: an entry starts with deb or deb-src, not with "rpm"`},
		{"l", "deb [a https://x y z", "l:1: the ] behind the options is missing"},
		{"l", "deb [a] https://x y z", `l:1: the option "a" is not of the form key=value`},
		{"l", "deb https://x", "l:1: an entry needs a suite behind its address"},
		{"l", "deb https://x y", `l:1: the suite "y" needs components, such as main`},
		{"l", "deb https://x y/ z", `l:1: the suite "y/" ends in a slash, so it has no components`},
		{"l", "deb x y z", `l:1: "x" is not an address`},
		{"l", "deb [trusted=perhaps] https://x y z", `l:1: the option trusted: "perhaps" is neither yes nor no`},
		{"l.sources", "\nURIs: https://x\nSuites: y\nComponents: z\n", "l.sources:2: the field Types is missing"},
		{"l.sources", "Types: rpm\nURIs: https://x\nSuites: y\nComponents: z\n", `l.sources:1: Types is deb or deb-src, not "rpm"`},
		{"l.sources", "Types: deb\nSuites: y\n", "l.sources:1: an entry needs an address and a suite"},
		{"l.sources", "Types: deb\nEnabled: x\n", `l.sources:2: Enabled: the option enabled: "x" is neither yes nor no`},
		{"l.sources", "Types deb\n", `l.sources:1: "Types deb" is not a field: expected "Name: value"`},
	} {
		if _, err := ReadSources(c.name, []byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

func TestReadPreferencesErrors(t *testing.T) {
	for text, want := range map[string]string{
		"Pin: version 1\nPin-Priority: 1\n":                   "p:1: a pin without the field Package",
		"Package: a\nPin-Priority: 1\n":                       "p:1: a pin without the field Pin",
		"Package: a\nPin: version 1\n":                        "p:1: Pin-Priority must be a number from -32768 to 32767 and not 0, or never for the package *",
		"Package: a\nPin: release a=x\nPin-Priority: never\n": "p:1: Pin-Priority must be a number from -32768 to 32767 and not 0, or never for the package *",
		"Package: a\nPin: version 1\nPin-Priority: 99999\n":   "p:1: Pin-Priority must be a number from -32768 to 32767 and not 0, or never for the package *",
		"\nPackage: /a(/\nPin: version 1\nPin-Priority: 1\n":  "p:2: Package: \"a(\" is not a regular expression: error parsing regexp: missing closing ): `(?i)a(`",
	} {
		if _, err := ReadPreferences("p", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestIgnoredPins says why a pin has no effect, of which apt warns at most.
func TestIgnoredPins(t *testing.T) {
	for text, want := range map[string]string{
		"Package: a\nPin: what 1\nPin-Priority: 1\n":      `a pin is by release, version or origin, not by "what"`,
		"Package: a\nPin: release x=1\nPin-Priority: 1\n": "release takes a=, n=, o=, l=, c=, v= or b=, with commas between",
		"Package: *\nPin: version 1\nPin-Priority: 10\n":  "a pin by version needs the names of packages, not *",
		"Package: a\nPin: release\nPin-Priority: 1\n":     "a pin by release needs a value",
		"Package: a\nPin: version 1\nPin-Priority: 1\n":   "",
	} {
		pins, err := ReadPreferences("p", []byte(text))
		if err != nil || len(pins) != 1 || pins[0].Ignored != want {
			t.Errorf("%q: %+v, %v, want %q", text, pins, err, want)
		}
	}
}
