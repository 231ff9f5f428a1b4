// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// A box is a directory in which an input is read. Beside the two that a reader may
// write to, there is what it must leave alone.
type box struct {
	dir string
	// out and meta are empty directories for the reader.
	out, meta string
	before    string
}

// maxTaken is the most that an input of a few bytes may become, in bytes.
const maxTaken = 256 << 20

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{dir: t.TempDir()}
	b.out, b.meta = filepath.Join(b.dir, "in/out"), filepath.Join(b.dir, "in/meta")
	for _, dir := range []string{b.out, b.meta, filepath.Join(b.dir, "outside")} {
		must(t, os.MkdirAll(dir, 0o755))
	}
	must(t, os.WriteFile(b.outside("secret"), []byte("as it was\n"), 0o600))
	b.before = b.list(t, filepath.Join(b.dir, "outside"))
	return b
}

// outside is a path that no reader may touch.
func (b *box) outside(name string) string { return filepath.Join(b.dir, "outside", name) }

// file writes an input.
func (b *box) file(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(file, data, 0o644))
	return file
}

// look fails the test if anything was written where it shouldn't be.
func (b *box) look(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(b.before, b.list(t, filepath.Join(b.dir, "outside"))); diff != "" {
		t.Errorf("what is outside has changed (-before +after):\n%s", diff)
	}
	for _, dir := range []string{b.dir, filepath.Join(b.dir, "in")} {
		entries, err := os.ReadDir(dir)
		must(t, err)
		if len(entries) != 2 {
			t.Errorf("%s has %v", dir, entries)
		}
	}
	var size int64
	must(t, filepath.WalkDir(b.out, func(p string, _ fs.DirEntry, err error) error {
		var st unix.Stat_t
		if err == nil {
			err = unix.Lstat(p, &st)
		}
		if kind := st.Mode & unix.S_IFMT; kind == unix.S_IFCHR || kind == unix.S_IFBLK {
			t.Errorf("%s is a device", p)
		}
		if strings.HasPrefix(filepath.Base(p), ".wh.") {
			t.Errorf("%s is a deletion", p)
		}
		size += st.Blocks * 512
		return err
	}))
	if size > maxTaken {
		t.Errorf("it takes %d bytes of the disk", size)
	}
}

// list is a tree as text.
func (b *box) list(t *testing.T, root string) string {
	t.Helper()
	var s strings.Builder
	must(t, filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		must(t, err)
		var st unix.Stat_t
		must(t, unix.Lstat(p, &st))
		data, _ := os.ReadFile(p)
		fmt.Fprintf(&s, "%s %o %d:%d %d %q\n", strings.TrimPrefix(p, root), st.Mode, st.Uid, st.Gid, st.Mtim.Sec, data)
		return nil
	}))
	return s.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
