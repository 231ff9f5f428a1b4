// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Outputs have the modes of an image, in which there are directories that their owner can't
// change, as /proc often is. Root can, and another user only gives himself the right to.

// change is what an owner needs to change a directory.
const change = 0o700

// allow lets the owner change a directory. What isn't his, or is no directory, stays as it
// is: who changes it says why it can't be done.
func allow(dir string) {
	if fi, err := os.Lstat(dir); err == nil && fi.IsDir() && fi.Mode()&change != change {
		_ = os.Chmod(dir, fi.Mode()|change)
	}
}

// removeAll is os.RemoveAll, also for what is in directories that their owner can't change.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(path, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			allow(path) // before it is read
		}
		return nil
	})
	return os.RemoveAll(path)
}

// rename is os.Rename, also for a directory that its owner can't change: it would say no
// more where it is.
func rename(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	fi, failed := os.Lstat(from)
	if failed != nil || !fi.IsDir() {
		return err
	}
	allow(from)
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return os.Chmod(to, fi.Mode())
}
