// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzParagraphs wants what is read to be read again the same.
func FuzzParagraphs(f *testing.F) {
	for _, s := range []string{"A: 1\nB:\n x\n .\n\nC: 2\n", "Package: a\nVersion: 1\n\n\n# x\n", " a\n", "A:\r\n b\r\n\r\n", "A\n", ":\n", "A:\n b\n# c\n d\n", "A:\r "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func() ([]Paragraph, error){
			func() ([]Paragraph, error) { return ParseParagraphs(text) },
			func() ([]Paragraph, error) { return ReadConfig("f", []byte(text)) },
		} {
			all, err := read()
			if err != nil {
				continue
			}
			for _, p := range all {
				again, err := ParseParagraph(p.String())
				if err != nil {
					t.Fatalf("%q is read, but not again as %q: %v", text, p.String(), err)
				}
				if diff := cmp.Diff(p, again, cmpopts.IgnoreFields(Field{}, "Line")); diff != "" {
					t.Errorf("%q is read otherwise again:\n%s", text, diff)
				}
			}
		}
	})
}

func FuzzRelations(f *testing.F) {
	for _, s := range []string{"a (>= 1) | b:any [amd64] <!nocheck>, c", "a(<<1),b(=2)", "a | b | c, ,", "a [!x !y] <a b> <!c>", "(", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		groups, err := ParseRelations(s)
		if err != nil {
			return
		}
		words := make([]string, len(groups))
		for i, g := range groups {
			words[i] = g.String()
			for _, r := range g {
				r.Applies("amd64")
			}
		}
		again, err := ParseRelations(strings.Join(words, ", "))
		if err != nil || !reflect.DeepEqual(groups, again) {
			t.Fatalf("%q: %v became %v: %v", s, groups, again, err)
		}
	})
}

func FuzzVersions(f *testing.F) {
	f.Add("1:1.2-3", "1.2~rc1-3", "2")
	f.Add("1~~", "1~", "1")
	f.Add("", "~", "-")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		ab, bc, ac := sign(CompareVersions(a, b)), sign(CompareVersions(b, c)), sign(CompareVersions(a, c))
		if CompareVersions(a, a) != 0 || ab != -sign(CompareVersions(b, a)) {
			t.Fatalf("%q and %q", a, b)
		}
		if ab == bc && ac != ab || ab == 0 && ac != bc || bc == 0 && ac != ab {
			t.Fatalf("%q, %q, %q: %d %d %d", a, b, c, ab, bc, ac)
		}
	})
}
