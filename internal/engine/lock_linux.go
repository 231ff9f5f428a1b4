// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockName is the file whose flock means "I am the engine of this directory".
const lockName = "lock"

// tryLock takes the lock of a state directory. It returns nil without an error when
// someone else holds it. The lock belongs to the open file: it lasts until the
// last descriptor of it, here or in a process that inherited one, is closed.
func tryLock(root string) (*os.File, error) {
	f, err := openOwn(filepath.Join(root, lockName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("open the engine's lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, f.Close()
	default:
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
}

// isLock reports whether f is the lock of the state directory and we hold it.
func isLock(f *os.File, root string) bool {
	have, err := f.Stat()
	if err != nil {
		return false
	}
	want, err := os.Lstat(filepath.Join(root, lockName))
	if err != nil || !os.SameFile(have, want) {
		return false
	}
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}
