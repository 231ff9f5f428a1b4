// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/testenv"
)

// makeWritable lets a directory be removed.
func makeWritable(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o755)
	}))
}

// TestReadOnly stages directories that their owner can't change, as a user without the
// rights of root.
func TestReadOnly(t *testing.T) {
	for _, test := range []struct {
		name    string
		before  tree
		replace bool
		discard bool
		want    tree
	}{
		{"new", nil, false, false, tree{"proc": "DIR", "proc/in": "DIR", "proc/in/f": "new", "f": "new"}},
		{"into a directory", tree{"g": "old"}, false, false, tree{"proc": "DIR", "proc/in": "DIR", "proc/in/f": "new", "f": "new", "g": "old"}},
		{"into one like it", tree{"proc/in/g": "old"}, false, false, tree{"proc": "DIR", "proc/in": "DIR", "proc/in/f": "new", "proc/in/g": "old", "f": "new"}},
		{"in the place of a directory", tree{"f/in/g": "old"}, false, false, tree{"proc": "DIR", "proc/in": "DIR", "proc/in/f": "new", "f": "new"}},
		{"instead of one like it", tree{"proc/in/g": "old"}, true, false, tree{"proc": "DIR", "proc/in": "DIR", "proc/in/f": "new", "f": "new"}},
		{"discarded", tree{"g": "old"}, false, true, tree{"g": "old"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			t.Cleanup(func() { makeWritable(t, dir) })
			testenv.LikeUser(t)
			write(t, dir, test.before)
			for _, name := range []string{"proc/in", "proc", "f/in", "f"} {
				if fi, err := os.Stat(filepath.Join(dir, name)); err == nil && fi.IsDir() {
					must(t, os.Chmod(filepath.Join(dir, name), 0o555))
				}
			}
			var s atomicfile.Stage
			staged, err := s.Directory(dir, test.replace)
			must(t, err)
			write(t, staged.Path(), tree{"proc/in/f": "new", "f": "new"})
			for _, name := range []string{"proc/in", "proc", ""} {
				must(t, os.Chmod(filepath.Join(staged.Path(), name), 0o555))
			}
			if !test.discard {
				must(t, s.Commit())
			}
			must(t, s.Discard())
			check(t, dir, test.want)
			if fi, err := os.Stat(filepath.Join(dir, "proc/in")); !test.discard && (err != nil || fi.Mode() != fs.ModeDir|0o555) {
				t.Errorf("its mode is %v, %v", fi.Mode(), err)
			}
		})
	}
}
