// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reportReplaced writes a JSON list of what a layer replaces in the base mounted there:
// the paths of what isn't a directory, and that the base has in another form. The layer
// is where the base's links lead already, so that none of them need be followed.
func reportReplaced(base string, layer dir, file string) error {
	root, err := openRoot(base)
	if err != nil {
		return err
	}
	defer root.close()
	again, err := layer.again()
	if err != nil {
		return err
	}
	defer again.close()
	r := replaced{found: []string{}, buf: make([]byte, 1<<13)}
	if err := r.directory(again, root); err != nil {
		return err
	}
	data, err := json.Marshal(r.found)
	if err != nil {
		return fmt.Errorf("write what is replaced: %w", err)
	}
	return os.WriteFile(file, data, 0o644)
}

// replaced is what was found so far.
type replaced struct {
	found []string
	buf   []byte
}

// directory compares what is in a directory of the layer with that of the base.
func (r *replaced) directory(layer, base dir) error {
	names, err := layer.names(r.buf)
	if err != nil {
		return err
	}
	for _, name := range names {
		made, err := layer.stat(name)
		if err != nil {
			return err
		}
		var was unix.Stat_t
		if err := unix.Fstatat(base.fd, name, &was, unix.AT_SYMLINK_NOFOLLOW); errors.Is(err, unix.ENOENT) {
			continue
		} else if err != nil {
			return fmt.Errorf("stat %s: %w", show(base.join(name)), err)
		}
		switch isDir := made.Mode&unix.S_IFMT == unix.S_IFDIR; {
		case isDir && was.Mode&unix.S_IFMT == unix.S_IFDIR:
			err = r.below(layer, base, name)
		case isDir || !sameLink(layer, base, name):
			r.found = append(r.found, layer.join(name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// below compares directories that both have.
func (r *replaced) below(layer, base dir, name string) error {
	a, err := layer.open(name)
	if err != nil {
		return err
	}
	defer a.close()
	b, err := base.open(name)
	if err != nil {
		return err
	}
	defer b.close()
	return r.directory(a, b)
}

// sameLink reports whether both are links to one place.
func sameLink(layer, base dir, name string) bool {
	a, err1 := layer.readlink(name)
	b, err2 := base.readlink(name)
	return err1 == nil && err2 == nil && a == b
}
