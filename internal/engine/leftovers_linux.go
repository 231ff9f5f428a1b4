// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// clearLeftovers removes what a killed engine left in the state directory: bundles
// of running steps, temporary files, mount points. Whatever was mounted there
// died with its namespace; should there be a mount all the same, it is detached
// here first, so that removing can't reach through it.
func clearLeftovers(s *settings) error {
	removeCgroups(s.Workers.OCI.DefaultCgroupParent)
	stale := []string{filepath.Join(s.root, tempName)}
	for _, name := range []string{"executor", "cachemounts"} {
		found, err := filepath.Glob(filepath.Join(s.root, "runc-*", name))
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
