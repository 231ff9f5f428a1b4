// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func FuzzParagraphs(f *testing.F) {
	for _, s := range []string{"A: 1\nB:\n x\n .\n\nC: 2\n", "Package: a\nVersion: 1\n\n\n# x\n", " a\n", "A:\r\n b\r\n\r\n", "A\n", ":\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		reader := NewParagraphReader("f", bytes.NewReader(content), ParagraphOptions{MaxLine: 1 << 12, MaxParagraph: 1 << 14, MaxFields: 50})
		for {
			p, err := reader.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			var syntax *SyntaxError
			if err != nil && !errors.As(err, &syntax) {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			if len(p.Fields) == 0 {
				t.Fatal("a paragraph without a field")
			}
			checkRound(t, p)
		}
	})
}

// checkRound writes a paragraph and reads it again.
func checkRound(t *testing.T, p *Paragraph) {
	t.Helper()
	var b strings.Builder
	for _, f := range p.Fields {
		b.WriteString(f.Name + ":" + strings.ReplaceAll(f.Value, "\n", "\n ") + "\n")
	}
	text := b.String()
	again, err := NewParagraphReader("f", strings.NewReader(text), ParagraphOptions{}).Next()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for i, f := range again.Fields {
		if i >= len(p.Fields) || f.Name != p.Fields[i].Name {
			t.Fatalf("%q: %v became %v", text, p.Fields, again.Fields)
		}
	}
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
