// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestDropState finds what an engine keeps in directories whose names have what means
// something in a pattern.
func TestDropState(t *testing.T) {
	for _, name := range []string{"state", "a[b]", "a[b", "a*", "a?", `a\b`} {
		root := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Join(root, "runc-overlayfs", "executor"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"cache.db", "history.db.1", lockName} {
			if err := os.WriteFile(filepath.Join(root, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want := filepath.Join(root, "runc-overlayfs", "executor")
		if found, err := matching(root, "runc-*/executor"); err != nil || len(found) != 1 || found[0] != want {
			t.Errorf("%s: found %q, %v, want %q", name, found, err, want)
		}
		if err := dropState(root); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		left, err := os.ReadDir(root)
		if err != nil || len(left) != 1 || left[0].Name() != lockName {
			t.Errorf("%s: %v is left, %v, want the lock alone", name, left, err)
		}
	}
}
