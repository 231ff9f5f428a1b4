// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
