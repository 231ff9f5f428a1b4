// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/plainfile"
)

// ownLimit is the most bytes that are read of a file in a state directory. The log is
// the largest one.
const ownLimit = 2 * logLimit

// checkOwner refuses a state directory that someone else could have prepared, or
// could change: what is in it is run and believed.
func checkOwner(root string) error {
	var st unix.Stat_t
	if err := unix.Stat(root, &st); err != nil {
		return fmt.Errorf("look at the engine's directory: %w", &fs.PathError{Op: "stat", Path: root, Err: err})
	}
	switch {
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("the engine's directory %s belongs to user %d, not to user %d who runs this: name another one with --root", root, st.Uid, os.Geteuid())
	case st.Mode&0o002 != 0 || st.Mode&0o020 != 0 && int(st.Gid) != os.Getegid():
		return fmt.Errorf("others can write to the engine's directory %s: chmod go-w %s, or name another one with --root", root, root)
	}
	return nil
}

// openOwn opens a file of a state directory, which is no link: one could lead to a
// file that isn't the engine's.
func openOwn(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s is a link, and may lead anywhere: remove it", path)
	}
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil {
		err = plainfile.Check(path, fi)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// readOwn reads a file of a state directory.
func readOwn(root, name string) ([]byte, error) {
	f, err := openOwn(filepath.Join(root, name), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return plainfile.ReadAll(f, f.Name(), ownLimit)
}

// checkSocket refuses a control socket that another user made, or that leads
// elsewhere.
func checkSocket(path, shown string) error {
	var st unix.Stat_t
	err := unix.Lstat(path, &st)
	switch {
	case err != nil:
		return &fs.PathError{Op: "lstat", Path: shown, Err: err}
	case st.Mode&unix.S_IFMT != unix.S_IFSOCK:
		return fmt.Errorf("%s is not a socket: remove it", shown)
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d: remove it", shown, st.Uid)
	}
	return nil
}
