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

// Folder is a staged folder. A new one appears at once; an existing one gets
// the new entries in the place of those with the same name, and keeps the rest
// unless it is replaced.
type Folder struct {
	dest    string
	temp    string
	replace bool
	shared  string
	join    func(dest string) error
}

// Join says what becomes of the file with that name at the top if the folder is
// there by the time it is committed: join is called with the folder, after the other
// entries got there, instead of replacing the file.
func (f *Folder) Join(name string, join func(dest string) error) {
	f.shared, f.join = name, join
}

// Folder stages a folder at dest; with replace, what else is in dest goes away.
func (s *Stage) Folder(dest string, replace bool) (*Folder, error) {
	path, fi, err := resolve(dest)
	if err != nil {
		return nil, err
	}
	f := &Folder{dest: path, replace: replace}
	switch {
	case fi == nil:
		f.temp = hidden(existing(filepath.Dir(path)), filepath.Base(path))
	case fi.IsDir():
		// Inside, because a rename cannot leave a file system.
		f.temp = hidden(path, "output")
	default:
		return nil, fmt.Errorf("output folder %s is a file", dest)
	}
	s.outputs = append(s.outputs, f)
	return f, nil
}

// Path is where to write. Nothing is there yet.
func (f *Folder) Path() string { return f.temp }

// existing is the closest folder above path that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func (f *Folder) commit() error {
	if _, err := os.Lstat(f.temp); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was written
	}
	if err := f.move(); err != nil {
		return fmt.Errorf("commit output folder: %w", err)
	}
	return nil
}

func (f *Folder) move() error {
	if err := os.MkdirAll(filepath.Dir(f.dest), 0o755); err != nil {
		return err
	}
	var err error
	for range 100 {
		// Others may put a folder in its place, or take away the one they just made.
		err = f.moveOnce()
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

// moveOnce goes on where an earlier one was disturbed.
func (f *Folder) moveOnce() error {
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
	return os.RemoveAll(f.temp)
}

// appear puts the folder in the place of the empty one just made, with the
// mode that one got.
func (f *Folder) appear() error {
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

// enter puts the entries into the folder that is there.
func (f *Folder) enter() error {
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

func (f *Folder) discard() error { return os.RemoveAll(f.temp) }

// emptyBut empties a folder but for one entry.
func emptyBut(dir, keep string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == keep {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// merge moves the entries of src into dst. Folders that are on both sides are
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
			if err := mergeFolder(from, to); err != nil {
				return err
			}
			continue
		case old.IsDir() || entry.IsDir():
			if err := os.RemoveAll(to); err != nil {
				return err
			}
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
	}
	return nil
}

// mergeFolder merges a folder's entries and gives the target its mode and time.
func mergeFolder(from, to string) error {
	fi, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := merge(from, to); err != nil {
		return err
	}
	if err := os.Chmod(to, fi.Mode()&(fs.ModePerm|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return os.Chtimes(to, fi.ModTime(), fi.ModTime())
}

func (f *Folder) place() string { return f.temp }
