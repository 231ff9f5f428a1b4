// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSourceKey tells programs of different sources apart, and shares those of one.
func TestSourceKey(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n", "go.sum": "", "cmd/strata/main.go": "package main\n", "frontend/a.go": "a", "llb/a.go": "a",
		"internal/x/page.html": "page", "internal/x/a_test.go": "test", "internal/x/testdata/in": "in", "internal/testenv/t.go": "t",
	} {
		writeFile(t, filepath.Join(root, name), text)
	}
	before := key(t, root)
	for _, c := range []struct {
		file    string
		differs bool
	}{
		{"go.sum", true},
		{"cmd/strata/main.go", true},
		{"internal/x/page.html", true},
		{"llb/new.go", true},
		{"internal/x/a_test.go", false},
		{"internal/x/testdata/in", false},
		{"internal/testenv/t.go", false},
		{"docs/page.md", false},
	} {
		writeFile(t, filepath.Join(root, c.file), "changed")
		after := key(t, root)
		if (after != before) != c.differs {
			t.Errorf("%s changed: the key differs: %v, want %v", c.file, after != before, c.differs)
		}
		before = after
	}
}

func key(t *testing.T, root string) string {
	t.Helper()
	k, err := sourceKey(root)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestPackedLayer compresses an archive once, and again when it is another one.
func TestPackedLayer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "base.tar")
	writeFile(t, file, string(Tar(t, []Entry{{Path: "a", Data: []byte("a")}})))
	first, second := packedDigest(t, file), packedDigest(t, file)
	if first != second {
		t.Errorf("one archive has the digests %s and %s", first, second)
	}
	if err := os.Remove(file + ".gz"); err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, string(Tar(t, []Entry{{Path: "a", Data: []byte("a")}, {Path: "b", Data: []byte("b")}})))
	if other := packedDigest(t, file); other == first {
		t.Errorf("another archive has the digest %s too", other)
	}
}

// packedDigest packs an archive and has gzip check what came out.
func packedDigest(t *testing.T, file string) string {
	t.Helper()
	layer, err := packedLayer(file)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := layer.Size()
	if err != nil {
		t.Fatal(err)
	}
	diffID, err := layer.DiffID()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file + ".gz")
	if err != nil || info.Size() != size {
		t.Errorf("the size is %d: %v, want %d", size, err, info.Size())
	}
	for path, want := range map[string]string{file: diffID.Hex, file + ".gz": digest.Hex} {
		if got := Output(t, "sha256sum", path)[:64]; got != want {
			t.Errorf("sha256sum of %s is %s, want %s", path, got, want)
		}
	}
	if got, plain := Output(t, "gzip", "-dc", file+".gz"), Output(t, "cat", file); got != plain {
		t.Errorf("gzip finds %d bytes, want the archive's %d", len(got), len(plain))
	}
	return digest.Hex
}
