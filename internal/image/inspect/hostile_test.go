// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// many entries are a small layer when it is compressed.
const many = 100_000

// inTime fails if something takes the time of many entries of one layer with many of
// another.
func inTime(t *testing.T, do func()) {
	t.Helper()
	start := time.Now()
	do()
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestDeletedAgain applies a layer that deletes the same directory, or puts a file in its
// place, over and over.
func TestDeletedAgain(t *testing.T) {
	var below []entry
	for i := range many {
		below = append(below, entry{path: fmt.Sprintf("a/%d", i), kind: tar.TypeReg, size: 1})
	}
	for _, layer := range [][]entry{
		{{path: "a", kind: 'w'}},
		{{path: "a", kind: 'o'}},
		{{path: ".", kind: 'o'}},
		{{path: "a", kind: tar.TypeReg}},
		{{path: "a", kind: tar.TypeReg}, {path: "a/b", kind: tar.TypeReg}},
	} {
		inTime(t, func() {
			all := &tree{}
			all.apply(0, below)
			all.apply(1, slices.Repeat(layer, many))
			gone := 0
			for _, f := range all.files() {
				if f.Gone && f.Layer == 0 {
					gone++
				}
			}
			if gone != many {
				t.Errorf("%v: %d files are gone, want %d", layer, gone, many)
			}
		})
	}
}

// TestDatabasesDeleted deletes many files that aren't there from many that are.
func TestDatabasesDeleted(t *testing.T) {
	files := dataFiles{}
	var entries []entry
	for i := range many {
		files[fmt.Sprintf("var/lib/dpkg/status.d/%d", i)] = nil
		entries = append(entries, entry{path: fmt.Sprintf("srv/%d", i), kind: 'w'}, entry{path: "srv", kind: 'o'})
	}
	inTime(t, func() { files.remove(append(entries, entry{path: "var/lib/dpkg/status.d/7", kind: 'w'})) })
	if len(files) != many-1 {
		t.Errorf("%d files are left", len(files))
	}
	files.remove([]entry{{path: "var/lib", kind: 'o'}})
	if len(files) != 0 {
		t.Errorf("%d files are left of a directory that is empty", len(files))
	}
}

// TestRefused lists layers of which a reader would have no end in sight.
func TestRefused(t *testing.T) {
	for want, names := range map[string][]string{
		"more than the 4095 that Linux allows": {strings.Repeat("a/", 100_000)},
		"package databases have more than":     {"var/lib/dpkg/status.d/a", "var/lib/dpkg/status.d/b"},
	} {
		var layer bytes.Buffer
		w := tar.NewWriter(&layer)
		for _, name := range names {
			data := make([]byte, 1000)
			if err := w.WriteHeader(&tar.Header{Name: name + "x", Typeflag: tar.TypeReg, Size: int64(len(data))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		var room atomic.Int64
		room.Store(1500)
		err := (&scan{files: dataFiles{}, room: &room}).read(&layer)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
