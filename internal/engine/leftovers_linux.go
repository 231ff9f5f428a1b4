// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// clearLeftovers removes what a killed engine left in the state directory: bundles
// of running steps, temporary files, mount points. Whatever was mounted there
// died with its namespace; should there be a mount all the same, it is detached
// here first, so that removing can't reach through it.
func clearLeftovers(s *settings) error {
	removeCgroups(s.root)
	stale := []string{filepath.Join(s.root, tempName)}
	for _, name := range []string{"executor", "cachemounts"} {
		found, err := matching(s.root, "runc-*/"+name)
		if err != nil {
			return fmt.Errorf("look for leftovers: %w", err)
		}
		stale = append(stale, found...)
	}
	for _, dir := range stale {
		if err := unmountBelow(dir); err != nil {
			return err
		}
		if err := empty(dir); err != nil {
			return fmt.Errorf("clear what an earlier engine left: %w", err)
		}
	}
	return nil
}

// matching are the paths in a directory that match a pattern of path.Match. What is in
// the directory's own path is no part of the pattern.
func matching(root, pattern string) ([]string, error) {
	names, err := fs.Glob(os.DirFS(root), pattern)
	if err != nil {
		return nil, err
	}
	found := make([]string, 0, len(names))
	for _, name := range names {
		found = append(found, filepath.Join(root, name))
	}
	return found, nil
}

// empty removes everything in a directory and keeps the directory.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
