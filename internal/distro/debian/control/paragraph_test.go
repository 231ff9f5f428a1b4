// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParagraphs(t *testing.T) {
	const text = "A: 1\nB:\n one\n .\n  two\nC: x: y\n"
	p, err := ParseParagraph("\n" + text + "\n\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Paragraph{{"A", "1", 2}, {"B", "\n one\n .\n  two", 3}, {"C", "x: y", 7}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("unexpected fields (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(text, p.String()); diff != "" {
		t.Errorf("unexpected text (-want +got):\n%s", diff)
	}
	for _, bad := range []string{" a\n", "a b: c\n", "a\n", ":x\n", "#a: b\n", "a: 1\nA: 2\n"} {
		if p, err := ParseParagraph(bad); err == nil {
			t.Errorf("%q is read as %v", bad, p)
		}
	}
}

func TestReadConfig(t *testing.T) {
	got, err := ReadConfig("f", []byte("# no field\nA: 1\nb:\n one \n# between\n  two\n .\n\n\n# between\n\nC: 3\r\n#\nD:\r\n x\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Paragraph{{{"A", "1", 2}, {"b", "\n one\n  two\n .", 3}}, {{"C", "3", 12}, {"D", "\n x", 14}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v := got[0].Get("B"); v != "\n one\n  two\n ." || got[1].Line() != 12 {
		t.Errorf("%q, line %d", v, got[1].Line())
	}
}

func TestReadConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		"A: 1\nwhat\n":    `f:2: "what" is not a field: expected "Name: value"`,
		"\n A: 1\n":       "f:2: a continued line without a field before it",
		"A: 1\na: 2\n":    "f:2: the field a stands twice in its paragraph",
		"A B: 1\n":        `f:1: "A B: 1" is not a field: expected "Name: value"`,
		"#\nA: 1\n# B\n:": `f:4: ":" is not a field: expected "Name: value"`,
		manyFields():      "f:1001: the paragraph has more than 1000 fields",
	} {
		_, err := ReadConfig("f", []byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%.80q: %v, want %s", text, err, want)
		}
	}
}

func manyFields() string {
	var b strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&b, "F%d: x\n", i)
	}
	return b.String()
}
