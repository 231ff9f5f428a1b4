// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/atomicfile"
)

// tree is what is in a directory: the text of files, "DIR" for directories.
type tree map[string]string

func read(t *testing.T, dir string) tree {
	t.Helper()
	got := tree{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			got[rel] = "DIR"
			return nil
		}
		data, err := os.ReadFile(path)
		got[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func write(t *testing.T, dir string, files tree) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if text == "DIR" {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, dir string, want tree) {
	t.Helper()
	if diff := cmp.Diff(want, read(t, dir)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tree{"old": "before"})
	must(t, os.Chmod(filepath.Join(dir, "old"), 0o640))
	must(t, os.Symlink("old", filepath.Join(dir, "link")))

	var s atomicfile.Stage
	for _, name := range []string{"link", "new/deep"} {
		f, err := s.File(filepath.Join(dir, name))
		must(t, err)
		must(t, f.Write([]byte("after")))
	}
	if got := read(t, dir)["old"]; got != "before" {
		t.Errorf("before Commit the file is %q", got)
	}
	must(t, s.Commit())
	must(t, s.Discard())
	check(t, dir, tree{"old": "after", "link": "after", "new": "DIR", "new/deep": "after"})
	fi, err := os.Stat(filepath.Join(dir, "old"))
	must(t, err)
	if fi.Mode() != 0o640 {
		t.Errorf("mode %v, want that of the file before", fi.Mode())
	}
	if target, _ := os.Readlink(filepath.Join(dir, "link")); target != "old" {
		t.Errorf("the link was replaced")
	}
}

// TestLongName stages outputs whose names are as long as a name can be.
func TestLongName(t *testing.T) {
	dir := t.TempDir()
	var s atomicfile.Stage
	file, err := s.File(filepath.Join(dir, strings.Repeat("f", 255)))
	must(t, err)
	must(t, file.Write([]byte("after")))
	directory, err := s.Directory(filepath.Join(dir, "d"+strings.Repeat("ü", 127)), false)
	must(t, err)
	must(t, os.Mkdir(directory.Path(), 0o700))
	must(t, s.Commit())
	check(t, dir, tree{strings.Repeat("f", 255): "after", "d" + strings.Repeat("ü", 127): "DIR"})
}

func TestFileDiscard(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tree{"old": "before"})
	var s atomicfile.Stage
	for _, name := range []string{"old", "new", "never"} {
		f, err := s.File(filepath.Join(dir, name))
		must(t, err)
		if name != "never" {
			must(t, f.Write([]byte("after")))
		}
	}
	must(t, s.Discard())
	check(t, dir, tree{"old": "before"})
}

func TestFileTwice(t *testing.T) {
	var s atomicfile.Stage
	f, err := s.File(filepath.Join(t.TempDir(), "f"))
	must(t, err)
	must(t, f.Write(nil))
	if err := f.Write(nil); err == nil {
		t.Error("a file was written twice")
	}
	must(t, s.Discard())
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tree{"file": "x"})
	var s atomicfile.Stage
	if _, err := s.File(dir); err == nil {
		t.Error("a directory was taken for a file")
	}
	if _, err := s.Directory(filepath.Join(dir, "file"), false); err == nil {
		t.Error("a file was taken for a directory")
	}
}

// TestOnePlace refuses two files at one place, of which one would be lost.
func TestOnePlace(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, tree{"old": "before"})
	must(t, os.Symlink("old", "link"))
	for _, places := range [][2]string{{"new", "new"}, {"new", "./new"}, {filepath.Join(dir, "new"), "new"}, {"link", "old"}} {
		var s atomicfile.Stage
		_, err := s.File(places[0])
		must(t, err)
		if _, err := s.File(places[1]); err == nil {
			t.Errorf("%s and %s are taken", places[0], places[1])
		}
	}
	var s atomicfile.Stage
	for _, place := range []string{"new", "old", os.DevNull, os.DevNull, "/dev/stdout", "/dev/stdout"} {
		_, err := s.File(place)
		must(t, err)
	}
}

// TestDevice writes to something that a rename would destroy.
func TestDevice(t *testing.T) {
	var s atomicfile.Stage
	f, err := s.File(os.DevNull)
	must(t, err)
	must(t, f.Write([]byte("x")))
	must(t, s.Commit())
	fi, err := os.Stat(os.DevNull)
	must(t, err)
	if fi.Mode().IsRegular() {
		t.Fatalf("%s is now a plain file", os.DevNull)
	}
}

func TestDir(t *testing.T) {
	tests := []struct {
		name          string
		replace       bool
		before, after tree
		want          tree
	}{
		{
			name:  "new",
			after: tree{"a/b": "1", "c": "2"},
			want:  tree{"out": "DIR", "out/a": "DIR", "out/a/b": "1", "out/c": "2"},
		},
		{
			name:   "empty",
			before: tree{"out": "DIR"},
			after:  tree{"a": "1"},
			want:   tree{"out": "DIR", "out/a": "1"},
		},
		{
			name:   "merged",
			before: tree{"out/a/old": "0", "out/a/b": "0", "out/kept": "0", "out/file": "0", "out/dir/x": "0"},
			after:  tree{"a/b": "1", "file/x": "1", "dir": "1"},
			want: tree{
				"out": "DIR", "out/a": "DIR", "out/a/old": "0", "out/a/b": "1", "out/kept": "0",
				"out/file": "DIR", "out/file/x": "1", "out/dir": "1",
			},
		},
		{
			name:    "replaced",
			replace: true,
			before:  tree{"out/a/old": "0", "out/gone": "0"},
			after:   tree{"a/b": "1"},
			want:    tree{"out": "DIR", "out/a": "DIR", "out/a/b": "1"},
		},
		{
			name:   "nothing written",
			before: tree{"out/a": "0"},
			want:   tree{"out": "DIR", "out/a": "0"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.before)
			var s atomicfile.Stage
			directory, err := s.Directory(filepath.Join(dir, "out"), test.replace)
			must(t, err)
			write(t, directory.Path(), test.after)

			must(t, s.Commit())
			check(t, dir, test.want)

			directory, err = s.Directory(filepath.Join(dir, "other/deep"), false)
			must(t, err)
			write(t, directory.Path(), test.after)
			must(t, s.Discard())
			check(t, dir, test.want)
		})
	}
}

// TestDirMode gives a new directory the mode that mkdir would.
func TestDirMode(t *testing.T) {
	dir := t.TempDir()
	var s atomicfile.Stage
	directory, err := s.Directory(filepath.Join(dir, "a/out"), false)
	must(t, err)
	must(t, os.Mkdir(directory.Path(), 0o700))
	must(t, s.Commit())
	must(t, os.Mkdir(filepath.Join(dir, "like"), 0o755))
	want, err := os.Stat(filepath.Join(dir, "like"))
	must(t, err)
	got, err := os.Stat(filepath.Join(dir, "a/out"))
	must(t, err)
	if got.Mode() != want.Mode() {
		t.Errorf("mode %v, want %v", got.Mode(), want.Mode())
	}
}
