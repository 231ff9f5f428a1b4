// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"path"
	"slices"
	"testing"

	"github.com/strata-build/strata/llb/plan"
)

func TestUnescaped(t *testing.T) {
	for pattern, want := range map[string]string{`\*`: "*", `a\[b\]`: "a[b]", `\\`: `\`, "a/b": "a/b"} {
		if got, ok := plan.Unescaped(pattern); !ok || got != want {
			t.Errorf("Unescaped(%q) = %q, %t; want %q", pattern, got, ok, want)
		}
	}
	for _, pattern := range []string{"*", "a?", "[a]", `a\`} {
		if got, ok := plan.Unescaped(pattern); ok {
			t.Errorf("Unescaped(%q) = %q; want none", pattern, got)
		}
	}
}

// FuzzExactly asks path.Match: the pattern of a path matches it, and none of its near
// names.
func FuzzExactly(f *testing.F) {
	for _, p := range []string{"app/[id]/page.tsx", "*", `a\*b`, "un[closed", "a]b", `\`, "[^x]", "[a-b]"} {
		f.Add(p, "x")
	}
	f.Fuzz(func(t *testing.T, p, other string) {
		if ok, err := path.Match(plan.Exactly(p), p); !ok || err != nil {
			t.Errorf("Exactly(%q) is %q, which doesn't match it: %v", p, plan.Exactly(p), err)
		}
		if ok, err := path.Match(plan.Exactly(p), other); err != nil || ok && other != p {
			t.Errorf("Exactly(%q) matches %q: %v", p, other, err)
		}
		if name, ok := plan.Unescaped(p); ok {
			if match, err := path.Match(p, name); !match || err != nil {
				t.Errorf("Unescaped(%q) = %q, which it doesn't match: %v", p, name, err)
			}
		}
	})
}

func TestSentWithoutBackslashes(t *testing.T) {
	for p, want := range map[string][]string{
		`x\y`:       {"xy", `x[\\]y`},
		`\*/\d*`:    {`\*/d*`, `[\\][*]/[\\]d[*]`},
		`[a\]]\y`:   {`[a\]]y`, `[[]a[\\]]][\\]y`},
		`un[closed`: {"un[[]closed"},
		`!neg`:      {"[!]neg"},
		` a b `:     {"[ ]a b[ ]"},
		`!*`:        {"[!]*", "[!][*]"},
		`a/!b`:      {"a/!b"},
	} {
		if got := plan.Sent(p); !slices.Equal(got, want) {
			t.Errorf("Sent(%q): got %q, want %q", p, got, want)
		}
	}
}
