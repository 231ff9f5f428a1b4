// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// File is a staged file. Nothing is created before Open.
type File struct {
	dest   string
	direct bool
	mu     sync.Mutex
	temp   string
}

// File stages a file at dest. Missing directories on the way are made by Open.
func (s *Stage) File(dest string) (*File, error) {
	place, fi, err := resolve(dest)
	if err != nil {
		return nil, err
	}
	if isStream(dest) {
		place = dest
	}
	if fi != nil && fi.IsDir() {
		return nil, fmt.Errorf("output file %s is a directory", dest)
	}
	f := &File{dest: place, direct: isStream(dest) || fi != nil && !fi.Mode().IsRegular()}
	if !f.direct && slices.ContainsFunc(s.outputs, f.isAt) {
		return nil, fmt.Errorf("%s is the place of two outputs", dest)
	}
	s.outputs = append(s.outputs, f)
	return f, nil
}

// isAt reports whether another output is a file at the same place.
func (f *File) isAt(o output) bool {
	other, ok := o.(*File)
	if !ok {
		return false
	}
	mine, err := filepath.Abs(f.dest)
	theirs, failed := filepath.Abs(other.dest)
	return err == nil && failed == nil && mine == theirs
}

// isStream reports whether a path names a stream of this process, which may be
// a plain file that others write to.
func isStream(path string) bool {
	path = filepath.Clean(path)
	return path == "/dev/stdout" || path == "/dev/stderr" || filepath.Dir(path) == "/dev/fd"
}

// Open starts the file; the bytes are in sight after the Stage's Commit.
func (f *File) Open() (io.WriteCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.direct {
		return os.OpenFile(f.dest, os.O_WRONLY|os.O_APPEND, 0)
	}
	if f.temp != "" {
		return nil, fmt.Errorf("open output %s: it is written twice", f.dest)
	}
	dir := filepath.Dir(f.dest)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make output directory: %w", err)
	}
	temp := hidden(dir, filepath.Base(f.dest))
	w, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("create output: %w", err)
	}
	f.temp = temp
	return w, nil
}

// Write stages data as the whole file.
func (f *File) Write(data []byte) error {
	w, err := f.Open()
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		w.Close()
		return fmt.Errorf("write output: %w", err)
	}
	return w.Close()
}

// commit keeps the mode of a file that it replaces.
func (f *File) commit() error {
	if f.temp == "" {
		return nil
	}
	if fi, err := os.Stat(f.dest); err == nil {
		if err := os.Chmod(f.temp, fi.Mode()&fs.ModePerm); err != nil {
			return fmt.Errorf("commit output: %w", err)
		}
	}
	if err := os.Rename(f.temp, f.dest); err != nil {
		return fmt.Errorf("commit output: %w", err)
	}
	f.temp = ""
	return nil
}

func (f *File) discard() error {
	if f.temp == "" {
		return nil
	}
	return os.Remove(f.temp)
}

func (f *File) place() string { return f.temp }
