// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

func TestForms(t *testing.T) {
	for _, tc := range []struct{ in, line, text, words, colored string }{
		{"plain – ünï", "plain – ünï", "plain – ünï", "plain – ünï", "plain – ünï"},
		{"a\nb\tc", `a\nb\tc`, "a\nb\tc", "a b c", "a\nb\tc"},
		{"a\r\nb\rc", `a\r\nb\rc`, "a\nb\\rc", "a b c", "a\nb\nc"},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`, `\x1b[31mred\x1b[0m`, `\x1b[31mred\x1b[0m`, "\x1b[31mred\x1b[0m"},
		{"\x1b[2J\x1b]0;x\a", `\x1b[2J\x1b]0;x\a`, `\x1b[2J\x1b]0;x\a`, `\x1b[2J\x1b]0;x\a`, `\x1b[2J\x1b]0;x\a`},
		{"\u009b2J \u202e \xff\x9b \ufffd", `\u009b2J \u202e \xff\x9b ` + "\ufffd", `\u009b2J \u202e \xff\x9b ` + "\ufffd", `\u009b2J \u202e \xff\x9b ` + "\ufffd", `\u009b2J \u202e \xff\x9b ` + "\ufffd"},
		{"\x1b[3\x7f\U000e0001", `\x1b[3\u007f\udb40\udc01`, `\x1b[3\u007f\udb40\udc01`, `\x1b[3\u007f\udb40\udc01`, `\x1b[3\u007f\udb40\udc01`},
	} {
		for name, pair := range map[string][2]string{
			"Line": {Line(tc.in), tc.line}, "Text": {Text(tc.in), tc.text}, "Words": {Words(tc.in), tc.words}, "Colored": {Colored(tc.in), tc.colored},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s(%q) = %q, want %q", name, tc.in, pair[0], pair[1])
			}
		}
	}
	if got := string(Masked([]byte("a\x1bb\n\tü\u009bhttp://a:b@c"))); got != "a\ufffdb\n\tü\ufffdhttp://***@c" {
		t.Errorf("Masked is %q", got)
	}
}

// TestWriter cuts a text at each byte.
func TestWriter(t *testing.T) {
	const in, want = "ü\u009b\r\nx\ry\x1b[m\n", `ü\u009b` + "\nx" + `\ry\x1b[m` + "\n"
	for i := range in {
		var b strings.Builder
		w := Writer(&b)
		for _, part := range []string{in[:i], in[i:]} {
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if b.String() != want {
			t.Errorf("cut at %d: %q, want %q", i, b.String(), want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b\n\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Line(s) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q has %q", Line(s), r)
			}
		}
		if Line(Line(s)) != Line(s) {
			t.Errorf("%q changes twice", s)
		}
	})
}

// TestError begins a line for each error that was joined, and for nothing else.
func TestError(t *testing.T) {
	one, two := errors.New("one\x1b\nFORGED"), errors.New("two")
	for _, tc := range []struct {
		err  error
		want string
	}{
		{two, "two"},
		{one, `one\x1b\nFORGED`},
		{errors.Join(one, two), `one\x1b\nFORGED` + "\ntwo"},
		{fmt.Errorf("a\n: %w!\n", errors.Join(one, two)), `a\n: one\x1b\nFORGED` + "\n" + `two!\n`}, //nolint:revive // it is of a stranger
		{fmt.Errorf("%w and %w", one, two), `one\x1b\nFORGED and two`},
	} {
		if got := Error(tc.err); got != tc.want {
			t.Errorf("Error(%q) = %q, want %q", tc.err, got, tc.want)
		}
	}
}
