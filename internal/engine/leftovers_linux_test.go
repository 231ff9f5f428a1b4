// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
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

// TestSharedGroup keeps the groups of others where a configuration names the parent of those
// of steps, and takes away the engine's own.
func TestSharedGroup(t *testing.T) {
	top := cgroupRoot
	if _, err := os.Stat(filepath.Join(top, "cgroup.procs")); err != nil {
		top = filepath.Join(cgroupRoot, "pids") // version 1
	}
	s := &settings{root: t.TempDir()}
	s.Workers.OCI.DefaultCgroupParent = "shared-" + filepath.Base(filepath.Dir(s.root))
	if err := os.Mkdir(filepath.Join(s.root, tempName), 0o700); err != nil {
		t.Fatal(err)
	}
	others := filepath.Join(top, s.Workers.OCI.DefaultCgroupParent, "other")
	own := filepath.Join(top, cgroupParent(s.root), "step")
	for _, dir := range []string{others, own} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = os.Remove(dir), os.Remove(filepath.Dir(dir)) })
	}
	if err := clearLeftovers(s); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(others); err != nil {
		t.Errorf("a group of others is gone: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(own)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the engine's own is there: %v", err)
	}
}
