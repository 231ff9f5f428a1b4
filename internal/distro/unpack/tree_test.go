// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestPartsDontTellTheOrder has two packages with one path, each for another part:
// whichever comes first, the later one in the list has it, and nothing is left where
// the other one was.
func TestPartsDontTellTheOrder(t *testing.T) {
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		parts := []string{t.TempDir(), t.TempDir(), t.TempDir()}
		tree, err := Open(parts...)
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range order {
			n := &Node{By: by, Package: string(rune('a' + by)), Mode: 0o644, Part: by + 1}
			err := tree.Put("/usr/share/x/file", n, &tar.Header{Typeflag: tar.TypeReg}, Content{Copy: func(io.Writer) error { return nil }})
			if err != nil && !errors.Is(err, ErrElsewhere) {
				t.Fatal(err)
			}
		}
		conflicts, err := tree.Finish()
		tree.Close()
		if err != nil || len(conflicts) != 1 {
			t.Errorf("order %v: conflicts %v, %v", order, conflicts, err)
		}
		for i, want := range []string{"/usr /usr/share /usr/share/x", "", "/usr /usr/share /usr/share/x /usr/share/x/file"} {
			if got := strings.Join(pathsIn(t, parts[i]), " "); got != want {
				t.Errorf("order %v: part %d has %q, want %q", order, i, got, want)
			}
		}
	}
}

func pathsIn(t *testing.T, root string) []string {
	t.Helper()
	var paths []string
	if err := filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		if p != root {
			paths = append(paths, strings.TrimPrefix(p, root))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestTooManyParts(t *testing.T) {
	if _, err := Open(make([]string, MaxParts+1)...); err == nil {
		t.Error("a tree of too many parts was opened")
	}
	if _, err := Open(t.TempDir(), "/nothing/there"); err == nil {
		t.Error("a directory that isn't there was opened")
	}
}
