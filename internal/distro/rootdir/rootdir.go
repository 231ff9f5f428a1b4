// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package rootdir is what installers of packages do to the files of a root that
// becomes an image: they write them, look accounts up in them, and put them back
// as they were.
package rootdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Root is a directory that is an image's root. Its paths are the image's, and the
// links in them the kernel's to follow, so they lead within the image only where
// the root is the process's own.
type Root string

// At is where a path of the image is.
func (r Root) At(p string) string { return filepath.Join(string(r), p) }

// Write makes a file and the directories above it.
func (r Root) Write(p, text string, mode os.FileMode) error {
	if err := errors.Join(os.MkdirAll(filepath.Dir(r.At(p)), 0o755), os.WriteFile(r.At(p), []byte(text), mode)); err != nil {
		return fmt.Errorf("write %s: %w", p, err)
	}
	return nil
}

// Link makes a symbolic link, and the directories above it, in the place of what
// was there.
func (r Root) Link(p, target string) error {
	if err := os.MkdirAll(filepath.Dir(r.At(p)), 0o755); err != nil {
		return err
	}
	if err := os.Remove(r.At(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, r.At(p))
}

// The files of accounts, for [Root.Number].
const (
	Users  = "/etc/passwd"
	Groups = "/etc/group"
)

// Number is the number that a name has in Users or Groups; it is empty if it isn't
// there.
func (r Root) Number(file, name string) (string, error) {
	text, err := os.ReadFile(r.At(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look up %s: %w", name, err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimRight(line, "\n"), ":"); len(f) > 2 && f[0] == name {
			return f[2], nil
		}
	}
	return "", nil
}
