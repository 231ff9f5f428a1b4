// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Directory is a staged directory. A new one appears at once; an existing one gets
// the new entries in the place of those with the same name, and keeps the rest
// unless it is replaced.
type Directory struct {
	dest    string
	temp    string
	replace bool
	shared  string
	join    func(dest string) error
}

// Join says what becomes of the file with that name at the top if the directory is
// there by the time it is committed: join is called with the directory, after the other
// entries got there, instead of replacing the file.
func (f *Directory) Join(name string, join func(dest string) error) {
	f.shared, f.join = name, join
}

// Directory stages a directory at dest; with replace, what else is in dest goes away.
func (s *Stage) Directory(dest string, replace bool) (*Directory, error) {
	path, fi, err := resolve(dest)
	if err != nil {
		return nil, err
	}
	f := &Directory{dest: path, replace: replace}
	switch {
	case fi == nil:
		f.temp = hidden(existing(filepath.Dir(path)), filepath.Base(path))
	case fi.IsDir():
		// Inside, because a rename cannot leave a file system.
		f.temp = hidden(path, "output")
	default:
		return nil, fmt.Errorf("output directory %s is a file", dest)
	}
	s.outputs = append(s.outputs, f)
	return f, nil
}

// Path is where to write. Nothing is there yet.
func (f *Directory) Path() string { return f.temp }

// existing is the closest directory above path that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func (f *Directory) commit() error {
	if _, err := os.Lstat(f.temp); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was written
	}
	if err := f.move(); err != nil {
		return fmt.Errorf("commit output directory: %w", err)
	}
	return nil
}

func (f *Directory) move() error {
	if err := os.MkdirAll(filepath.Dir(f.dest), 0o755); err != nil {
		return err
	}
	var err error
	for range 100 {
		// Others may put a directory in its place, or take away the one they just made.
		err = f.moveOnce()
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

// moveOnce goes on where an earlier one was disturbed.
func (f *Directory) moveOnce() error {
	err := os.Mkdir(f.dest, 0o755)
	if err == nil {
		return f.appear()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if f.replace {
		if err := emptyBut(f.dest, filepath.Base(f.temp)); err != nil {
			return err
		}
	}
	if err := f.enter(); err != nil {
		return err
	}
	return removeAll(f.temp)
}

// appear puts the directory in the place of the empty one just made, with the
// mode that one got.
func (f *Directory) appear() error {
	fi, err := os.Stat(f.dest)
	if err != nil {
		return err
	}
	if err := os.Chmod(f.temp, fi.Mode().Perm()); err != nil {
		return err
	}
	if err := os.Remove(f.dest); err != nil {
		return err
	}
	return os.Rename(f.temp, f.dest)
}

// enter puts the entries into the directory that is there.
func (f *Directory) enter() error {
	allow(f.temp)
	if f.join == nil {
		return merge(f.temp, f.dest)
	}
	if err := os.Remove(filepath.Join(f.temp, f.shared)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := merge(f.temp, f.dest); err != nil {
		return err
	}
	return f.join(f.dest)
}

func (f *Directory) discard() error { return removeAll(f.temp) }

// emptyBut empties a directory but for one entry.
func emptyBut(dir, keep string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == keep {
			continue
		}
		if err := removeAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// merge moves the entries of src into dst. Directories that are on both sides are
// merged, anything else is replaced.
func merge(src, dst string) error {
	entries, err := os.ReadDir(src)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		from, to := filepath.Join(src, entry.Name()), filepath.Join(dst, entry.Name())
		old, err := os.Lstat(to)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case old.IsDir() && entry.IsDir():
			if err := mergeDir(from, to); err != nil {
				return err
			}
			continue
		case old.IsDir() || entry.IsDir():
			if err := removeAll(to); err != nil {
				return err
			}
		}
		if err := rename(from, to); err != nil {
			return err
		}
	}
	return nil
}

// mergeDir merges a directory's entries and gives the target its mode and time.
func mergeDir(from, to string) error {
	fi, err := os.Stat(from)
	if err != nil {
		return err
	}
	allow(from)
	allow(to)
	if err := merge(from, to); err != nil {
		return err
	}
	if err := os.Chmod(to, fi.Mode()&(fs.ModePerm|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return os.Chtimes(to, fi.ModTime(), fi.ModTime())
}

func (f *Directory) place() string { return f.temp }
