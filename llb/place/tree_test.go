// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/inroot"
)

// fixedTree is a tree with the links and directories of a map; an empty value is a
// directory.
type fixedTree map[string]string

func (f fixedTree) lookup(_ context.Context, p string) (node, bool, error) {
	link, ok := f[p]
	return node{link: link, mode: 0o755}, ok, nil
}

func (fixedTree) expect(context.Context, ...string) error { return nil }

func TestResolveDir(t *testing.T) {
	base := fixedTree{
		"/bin": "usr/bin", "/usr": "", "/usr/bin": "", "/abs": "/usr/bin", "/chain": "abs",
		"/up": "../../../usr", "/usr/self": "../usr", "/loop": "pool", "/pool": "loop", "/dangling": "nowhere/at/all",
	}
	for in, want := range map[string]string{
		"/":            "/",
		"/bin":         "/usr/bin",
		"/bin/deep":    "/usr/bin/deep",
		"/abs/x":       "/usr/bin/x",
		"/chain/x":     "/usr/bin/x",
		"/up/bin":      "/usr/bin",
		"/usr/self":    "/usr",
		"/dangling/x":  "/nowhere/at/all/x",
		"/none/../bin": "/usr/bin",
		"/../../bin":   "/usr/bin",
	} {
		got, err := resolveDir(t.Context(), base, in)
		if err != nil || got != want {
			t.Errorf("resolveDir(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	if _, err := resolveDir(t.Context(), base, "/loop/x"); !errors.Is(err, inroot.ErrLoop) {
		t.Errorf("a loop of links gives %v, want ErrLoop", err)
	}
}

// FuzzResolveDir shows that no link and no name leads out of the root.
func FuzzResolveDir(f *testing.F) {
	for _, seed := range [][4]string{
		{"/bin/x", "/bin", "usr/bin", "/"},
		{"/a/../../b", "/a", "../../..", "/b"},
		{"/a/b", "/a", "/a", "loop"},
		{"/\x00/é/..", "/é", "/\x00/..", "."},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, dir, at, link, other string) {
		base := fixedTree{path.Clean("/" + at): link, path.Clean("/" + other): at}
		got, err := resolveDir(t.Context(), base, dir)
		if err != nil {
			if !errors.Is(err, inroot.ErrLoop) {
				t.Fatal(err)
			}
			return
		}
		if !strings.HasPrefix(got, "/") || path.Clean(got) != got {
			t.Errorf("resolveDir(%q) = %q is not a clean absolute path", dir, got)
		}
		if slices.Contains(strings.Split(got, "/"), "..") {
			t.Errorf("resolveDir(%q) = %q leaves the root", dir, got)
		}
	})
}

func TestAncestors(t *testing.T) {
	for in, want := range map[string]string{"/": "", "/a": "", "/a/b": "/a", "/a/b/c": "/a /a/b"} {
		if got := strings.Join(ancestors(in), " "); got != want {
			t.Errorf("ancestors(%q) = %q, want %q", in, got, want)
		}
	}
}
