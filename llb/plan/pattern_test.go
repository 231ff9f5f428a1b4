// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	fsutil "github.com/tonistiigi/fsutil/copy"

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

// TestMatched asks the function by which BuildKit's copies find what a pattern matches.
func TestMatched(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{"app/[id]/page.tsx", "app/i/page.tsx", "x*y/z", `b\b/f`, "plain/f", "link/in/f"} {
		if err := os.MkdirAll(filepath.Join(root, path.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string]string{
		`/app/\[id\]/*.tsx`: "app/[id]/page.tsx", `/app/\[id\]/p\age.*`: "app/[id]/page.tsx", `/x\*y/?`: "x*y/z", `/b\\b/*`: `b\b/f`,
		`/pl\ain/*`: "plain/f", "/app/[i]/*": "app/i/page.tsx", `/*/\[id\]/*`: "app/[id]/page.tsx",
	} {
		got, err := fsutil.ResolveWildcards(root, plan.Matched(pattern), true)
		if err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s becomes %s, which matches %q, %v; want %q", pattern, plan.Matched(pattern), got, err, want)
		}
	}
	for pattern, want := range map[string]string{"/*": "/", "/a/b/*": "/a/b", `/a/\[b\]/c/*`: "/a", "/a/*/c/*": "/a"} {
		if got := plan.KnownDir(plan.Matched(pattern)); got != want {
			t.Errorf("KnownDir(%q) = %q, want %q", pattern, got, want)
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
