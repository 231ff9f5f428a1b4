// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	fstypes "github.com/tonistiigi/fsutil/types"
)

// namesOf writes the records of files as BuildKit does.
func namesOf(t *testing.T, stats ...*fstypes.Stat) string {
	t.Helper()
	var data []byte
	for _, st := range stats {
		one, err := st.MarshalVT()
		must(t, err)
		data = append(binary.LittleEndian.AppendUint32(data, uint32(len(one))), one...)
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, namesFile), data, 0o600))
	return dir
}

// TestHollow makes a tree of names: kinds, modes and sizes are there, and the content of
// what was sent.
func TestHollow(t *testing.T) {
	names := namesOf(t,
		&fstypes.Stat{Path: "etc", Mode: uint32(os.ModeDir | 0o755), Uid: 7, ModTime: 1 << 60},
		&fstypes.Stat{Path: "etc/passwd", Mode: 0o644, Size: 5, Xattrs: map[string][]byte{"user.x": []byte("y")}},
		&fstypes.Stat{Path: "lib", Mode: uint32(os.ModeSymlink | 0o777), Linkname: "usr/lib"},
		&fstypes.Stat{Path: "tool", Mode: 0o755, Size: 1 << 40},
		&fstypes.Stat{Path: "null", Mode: uint32(os.ModeDevice | os.ModeCharDevice | 0o666), Devmajor: 1, Devminor: 3},
		&fstypes.Stat{Path: "../../out", Mode: 0o600, Size: 1},
	)
	content, out := t.TempDir(), t.TempDir()
	must(t, os.Mkdir(content+"/etc", 0o755))
	must(t, os.WriteFile(content+"/etc/passwd", []byte("root\n"), 0o600))
	if status, errs := callMain("hollow", names, content, out); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	if data, err := os.ReadFile(out + "/etc/passwd"); err != nil || string(data) != "root\n" {
		t.Errorf("/etc/passwd has %q, %v", data, err)
	}
	if to, err := os.Readlink(out + "/lib"); err != nil || to != "usr/lib" {
		t.Errorf("/lib leads to %q, %v", to, err)
	}
	if st, err := os.Stat(out + "/tool"); err != nil || st.Size() != 1<<40 || st.Mode() != 0o755 {
		t.Errorf("/tool is %v, %v", st, err)
	}
	if st, err := os.Stat(out + "/null"); err != nil || !st.Mode().IsRegular() {
		t.Errorf("/null is %v, %v", st, err)
	}
	if _, err := os.Stat(out + "/out"); err != nil {
		t.Error("a path that leads out isn't in the tree")
	}
}

// TestHollowOfDamagedNames refuses names that aren't whole.
func TestHollowOfDamagedNames(t *testing.T) {
	for _, data := range []string{"\x01", "\xff\x00\x00\x00x", "\x01\x00\x00\x00\x0a", "\x02\x00\x00\x00\xff\xff"} {
		names := t.TempDir()
		must(t, os.WriteFile(filepath.Join(names, namesFile), []byte(data), 0o600))
		if status, errs := callMain("hollow", names, t.TempDir(), t.TempDir()); status != ownFault {
			t.Errorf("%q: status %d, %s", data, status, errs)
		}
	}
}

// FuzzNames reads any message without harm.
func FuzzNames(f *testing.F) {
	one, err := (&fstypes.Stat{Path: "a/b", Mode: 0o644, Size: 5, Linkname: "c"}).MarshalVT()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one)
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := parseName(data)
		var st fstypes.Stat
		if st.UnmarshalVT(data) == nil && err == nil && (n.path != st.Path || n.size != st.Size || n.link != st.Linkname) {
			t.Errorf("%+v, want %v", n, &st)
		}
	})
}
