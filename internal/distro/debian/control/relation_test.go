// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
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
		"a (": "the ) of", "a ()": "no version", "a (>=)": "no version", "a (=> 1)": "no operator", "a b": "a comma or a |",
		"a | ": "nothing follows the |", "| a": "a package name is expected", "a [": "the ] of", "a []": "is empty",
		"a:b:c": "is not of the form name:architecture", "a:": "is not of the form name:architecture", "a <": "the > of", "a (>= 1 2)": "no version",
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

func TestRelationsAreBounded(t *testing.T) {
	for text, ok := range map[string]bool{
		strings.Repeat("a|", maxAlternatives-1) + "a":    true,
		strings.Repeat("a|", 30_000) + "a":               false,
		strings.Repeat("a, ", maxRelations-1) + "a":      true,
		strings.Repeat("a, ", 10*maxRelations) + "a | b": false,
	} {
		if _, err := ParseRelations(text); (err == nil) != ok {
			t.Errorf("%d bytes of %.10s: %v", len(text), text, err)
		}
	}
}
