// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package rootdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/unpack"
)

// A Memory is how files were.
type Memory []remembered

type remembered struct {
	path string
	// there says that it was a file; its content and attributes then.
	there bool
	data  []byte
	st    unix.Stat_t
}

// Remember reads files. What isn't a file is left alone, and so isn't restored.
func (r Root) Remember(paths []string) (Memory, error) {
	var m Memory
	for _, p := range paths {
		one := remembered{path: p}
		err := unix.Lstat(r.At(p), &one.st)
		if err == nil && one.st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if err == nil {
			one.there = true
			one.data, err = os.ReadFile(r.At(p))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
			return nil, fmt.Errorf("look at %s: %w", p, err)
		}
		m = append(m, one)
	}
	return m, nil
}

// Restore makes the files of a root as they were where they were remembered.
func (r Root) Restore(m Memory) error {
	for _, one := range m {
		if err := one.restore(r.At(one.path)); err != nil {
			return fmt.Errorf("put back %s: %w", one.path, err)
		}
	}
	return nil
}

func (r remembered) restore(at string) error {
	if !r.there {
		err := os.Remove(at)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			return nil
		}
		return err
	}
	var now unix.Stat_t
	if err := unix.Lstat(at, &now); err == nil && now.Ino == r.st.Ino && now.Ctim == r.st.Ctim {
		return nil
	}
	if err := errors.Join(os.RemoveAll(at), os.WriteFile(at, r.data, 0o600)); err != nil {
		return err
	}
	return unpack.SetAttributes(unix.AT_FDCWD, at, r.st.Mode&0o7777, int(r.st.Uid), int(r.st.Gid), r.st.Mtim)
}
