// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"testing"
)

// TestExpandPlaces has a name that there isn't in each way to write a string: the place is
// that of the name, wherever the file has it as the string does.
func TestExpandPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Pos
	}{
		"plain":               {"from: a$X\n", Pos{1, 8}},
		"quoted":              {"from: 'a$X'\n", Pos{1, 9}},
		"with an anchor":      {"from: &base a$X\n", Pos{1, 14}},
		"anchored and tagged": {"from: &base !!str \"a$X\"\n", Pos{1, 21}},
		"alias":               {"x-base: &base a$X\nfrom: *base\n", Pos{1, 16}},
		"block":               {"from: |\n  a\n  b é$X\n", Pos{3, 6}},
		"block of CR LF":      {"from: |\r\n  a\r\n  b$X\r\n", Pos{3, 4}},
		"block, indented":     {"from: |2-\n\n    a\n\n  b$X\n", Pos{5, 4}},
		"anchored block":      {"from: &base | # text\n  $X\n", Pos{2, 3}},
		"folded":              {"from: >\n  a\n  b$X\n", Pos{1, 7}},
		"escaped":             {"from: \"\\ta$X\"\n", Pos{1, 7}},
		"two lines":           {"from: a\n  b$X\n", Pos{1, 7}},
	} {
		s := mustParse(t, c.text)
		v, _, err := s.Vars(VarOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Expand(s.Targets[0].From)
		var fault *Error
		if !errors.As(err, &fault) || fault.Range.Start != c.want {
			t.Errorf("%s: %v, want it at %v", name, err, c.want)
		}
	}
}

// TestByteOrderMark has a mark before the first line, which is no part of it.
func TestByteOrderMark(t *testing.T) {
	_, err := Parse("strata.yaml", []byte("\uFEFFform: x\n"))
	if all := allErrors(t, err); all[0].Range.Start != (Pos{1, 1}) || all[0].Lines[0] != "form: x" {
		t.Errorf("%v\n%s", err, all[0].Excerpt())
	}
}

// TestEmptyBlock ends a block without a text where it begins: what follows is of others.
func TestEmptyBlock(t *testing.T) {
	s := mustParse(t, "layers:\n  - files:\n      - content: |\n        dest: /a\n      - dest: /b\n        content: >-\n\n  - packages: [jq]\n")
	var ends []int
	for _, l := range s.Targets[0].Layers {
		ends = append(ends, l.Range.End.Line)
	}
	if ends[0] != 6 || ends[1] != 8 {
		t.Errorf("the layers end on lines %v", ends)
	}
}
