// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package plainfile reads files that someone names, up to a limit. What has no end,
// or never begins, is refused at once: a FIFO, a device, a socket.
package plainfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Open opens a plain file for reading.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil {
		err = Check(path, fi)
	}
	if err != nil {
		_ = f.Close() // it was only read
		return nil, err
	}
	return f, nil
}

// Read reads a plain file of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, path, limit)
}

// ReadAll reads at most limit bytes; name is for the error of more.
func ReadAll(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, TooLarge(name, limit)
	}
	return data, nil
}

// TooLarge is the error of a file with more than limit bytes.
func TooLarge(name string, limit int64) error {
	return fmt.Errorf("%s has more than %d bytes", name, limit)
}

// Check returns the error of a file that isn't a plain one, or nil.
func Check(path string, fi fs.FileInfo) error {
	kind := ""
	switch mode := fi.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a FIFO"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	default:
		kind = "of an unknown type"
	}
	return fmt.Errorf("%s is %s, not a plain file", path, kind)
}

// CheckBelow returns the error of the first file in a directory, or in the directories in
// it, that would be waited for, or read without an end, by who opens it; or nil. Links are
// followed. What isn't there, or leads nowhere, can't be opened.
func CheckBelow(dir string) error { return checkBelow(dir, 2) }

// checkBelow is CheckBelow for a file as well, and so many levels of directories.
func checkBelow(at string, levels int) error {
	fi, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !fi.IsDir():
		return Check(at, fi)
	case levels == 0:
		return nil
	}
	in, err := os.ReadDir(at)
	if err != nil {
		return err
	}
	for _, d := range in {
		if d.Type().IsRegular() {
			continue
		}
		if err := checkBelow(filepath.Join(at, d.Name()), levels-1); err != nil {
			return err
		}
	}
	return nil
}

// IsHanded reports whether a path stands for a stream that this process was started
// with, as a shell's <(command) does. It can be read once.
func IsHanded(path string) bool {
	return path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
}
