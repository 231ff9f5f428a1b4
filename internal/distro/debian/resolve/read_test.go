// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRelations(t *testing.T) {
	got, err := ParseRelations(" a (>= 1) | b:any [amd64 i386] <!nocheck> <cross x>,\n c(=2-1), , d (<3)")
	if err != nil {
		t.Fatal(err)
	}
	want := []Alternatives{
		{
			{Name: "a", Op: LaterOrEqual, Version: "1"},
			{Name: "b", Qualifier: "any", Architectures: []string{"amd64", "i386"}, Profiles: [][]string{{"!nocheck"}, {"cross", "x"}}},
		},
		{{Name: "c", Op: Equal, Version: "2-1"}},
		{{Name: "d", Op: EarlierOrEqual, Version: "3"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := got[0].String(); s != "a (>= 1) | b:any [amd64 i386] <!nocheck> <cross x>" {
		t.Error(s)
	}
}

func TestParseRelationsErrors(t *testing.T) {
	for value, text := range map[string]string{
		"a (": "the ) of", "a (1)": "no operator", "a (>=)": "no version", "a (=> 1)": "no operator", "a b": "a comma or a |",
		"a | ": "nothing follows the |", "| a": "a package name is expected", "a [": "the ] of", "a []": "is empty",
		"a:b:c": "is no name:architecture", "a:": "is no name:architecture", "a <": "the > of", "a (>= 1 2)": "no version",
		"a || b": "nothing follows the |",
	} {
		if _, err := ParseRelations(value); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, want %q", value, err, text)
		}
	}
}

func TestRelationApplies(t *testing.T) {
	for value, want := range map[string]bool{
		"a": true, "a [amd64]": true, "a [arm64]": false, "a [!amd64]": false, "a [!arm64]": true, "a [linux-any]": true,
		"a <!nocheck>": true, "a <nocheck>": false, "a <nocheck> <!stage1>": true,
	} {
		groups, err := ParseRelations(value)
		if err != nil {
			t.Fatal(err)
		}
		if got := groups[0][0].Applies("amd64"); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestReadParagraphs(t *testing.T) {
	text := "# no field\nA: 1\nb:\n one\n  two\n .\n\n\n# between\n\nC : 3\n"
	got, err := ReadParagraphs("f", strings.NewReader(strings.Replace(text, "C :", "C:", 1)), ParagraphOptions{Comments: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []*Paragraph{
		{Line: 2, Fields: []Field{{"A", "1", 2}, {"b", "\none\n two\n.", 3}}},
		{Line: 11, Fields: []Field{{"C", "3", 11}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v := got[0].Get("B"); v != "\none\n two\n." {
		t.Errorf("%q", v)
	}
}

func TestReadParagraphsErrors(t *testing.T) {
	small := ParagraphOptions{MaxLine: 20, MaxParagraph: 40, MaxFields: 3}
	for text, want := range map[string]string{
		"A: 1\nwhat\n":                  `f:2: "what" is no field: expected "Name: value"`,
		"\n A: 1\n":                     "f:2: a continued line without a field before it",
		"A: 1\na: 2\n":                  "f:2: the field a stands twice in its paragraph",
		"A: " + strings.Repeat("x", 30): "f:1: the line is longer than 20 bytes",
		"A: 1\n" + strings.Repeat(" 1234567\n", 6): "f:5: the paragraph is longer than 40 bytes",
		"A: 1\nB: 1\nC: 1\nD: 1\n":                 "f:4: the paragraph has more than 3 fields",
		"A B: 1\n":                                 `f:1: "A B: 1" is no field: expected "Name: value"`,
	} {
		_, err := ReadParagraphs("f", strings.NewReader(text), small)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestReadIndex(t *testing.T) {
	text := "Package: a\nVersion: 1\nArchitecture: amd64\nDepends: b,\n c\n\n\nPackage: a\nversion: 2\nArchitecture: all\n\n" +
		"Package: a\nVersion: 3\nArchitecture: arm64\n"
	x, err := ReadIndex(strings.NewReader(text), IndexOptions{Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	if x.Len() != 2 || x.control(0).relations[depends] != "b,\n c" || x.control(1).version != "2" {
		t.Errorf("%d packages: %+v, %+v", x.Len(), x.control(0), x.control(1))
	}
}

func TestReadIndexErrors(t *testing.T) {
	for text, want := range map[string]string{
		"Package: a\n": "r:1: a paragraph without a Package or a Version",
		"Package: a\nVersion: 1\nArchitecture: all\nwhat\n":        `r:4: "what" is no field: expected "Name: value"`,
		"Package: a\nVersion: 1\nArchitecture: all\nProvides: (\n": `r:1: parse the field Provides of a: a package name is expected at "("`,
		"Package: a\nVersion: 1/2\n":                               `r:1: "a" "1/2" is no name and version`,
		"Package: a\nVersion: 1\n 2\n":                             `r:1: "a" "1\n 2" is no name and version`,
		strings.Repeat("x", 101):                                   "read the package index r: larger than allowed: 100 bytes",
	} {
		_, err := ReadIndex(strings.NewReader(text), IndexOptions{Repository: "r", MaxBytes: 100})
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := ReadIndex(io.MultiReader(strings.NewReader("Package: a\n"), failing{}), IndexOptions{}); !errors.Is(err, io.ErrUnexpectedEOF) {
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
