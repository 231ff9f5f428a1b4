// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"mvdan.cc/sh/v3/interp"

	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/tree"
)

// Files are those of a root, as scripts see them.
type Files struct {
	Root rootdir.Root
	// Hidden reports whether a path isn't there yet for the script; nil hides nothing.
	// What is hidden can't be written.
	Hidden func(p string) bool
	// Changed is told of each path that is written; it may be nil.
	Changed func(p string)

	// made are hidden directories that a script made.
	made map[string]bool
}

// brings reports whether a hidden path is a directory such as a script makes, which the
// script then sees.
func (f *Files) brings(p string, mode uint32) bool {
	info, err := os.Lstat(f.At(p))
	return err == nil && tree.UnixMode(info.Mode()) == mode && f.Reveal(p)
}

// Reveal makes a hidden directory one that the script sees and may change, as it would
// be if the script made it: what is unpacked later leaves a directory as it is. It
// reports whether there is one.
func (f *Files) Reveal(p string) bool {
	info, err := os.Lstat(f.At(p))
	if !f.hides(p) || err != nil || !info.IsDir() {
		return false
	}
	if f.made == nil {
		f.made = map[string]bool{}
	}
	f.made[path.Clean(p)] = true
	return true
}

// maxRead limits the files that scripts read, in bytes.
const maxRead = 64 << 20

// At is where a path of the root is for the kernel. None leads out of the root by
// itself; a link may, where the root isn't the process's own.
func (f *Files) At(p string) string { return f.Root.At(path.Clean("/" + p)) }

func (f *Files) hides(p string) bool {
	return f.Hidden != nil && !f.made[path.Clean(p)] && f.Hidden(path.Clean(p))
}

func absent(op, p string) error { return &fs.PathError{Op: op, Path: p, Err: unix.ENOENT} }

// Stat looks at a path, or at what it leads to.
func (f *Files) Stat(p string, follow bool) (fs.FileInfo, error) {
	if f.hides(p) {
		return nil, absent("stat", p)
	}
	var info fs.FileInfo
	var err error
	if follow {
		info, err = os.Stat(f.At(p))
	} else {
		info, err = os.Lstat(f.At(p))
	}
	return info, f.named(err, p)
}

// named gives an error the root's own path.
func (f *Files) named(err error, p string) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return &fs.PathError{Op: at.Op, Path: p, Err: at.Err}
	}
	return err
}

// Read is a file's content.
func (f *Files) Read(p string) ([]byte, error) {
	file, err := f.open(p, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxRead+1))
	if err == nil && len(data) > maxRead {
		err = refuse("%s is too large", p)
	}
	return data, err
}

// Write makes a file, or replaces what is in it.
func (f *Files) Write(p string, data []byte, mode fs.FileMode) error {
	file, err := f.open(p, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// open opens a regular file, a directory, or one of a few devices.
func (f *Files) open(p string, flags int, mode fs.FileMode) (*os.File, error) {
	if p == "" || f.hides(p) && flags&os.O_CREATE == 0 {
		return nil, absent("open", p)
	}
	if path.Clean(p) == "/dev/null" {
		return os.OpenFile("/dev/null", flags&^os.O_TRUNC, 0)
	}
	if strings.HasPrefix(path.Clean(p)+"/", "/dev/") || strings.HasPrefix(path.Clean(p)+"/", "/proc/") || strings.HasPrefix(path.Clean(p)+"/", "/sys/") {
		return nil, refuse("it uses %s, which is the kernel's", p)
	}
	if flags&(os.O_WRONLY|os.O_RDWR) != 0 {
		if err := f.Touched(p); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(f.At(p), flags|unix.O_NONBLOCK, mode)
	if err != nil {
		return nil, f.named(err, p)
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return nil, errors.Join(refuse("%s isn't a file", p), err, file.Close())
	}
	return file, nil
}

// Touched wants a path to be one that may be changed, and notes that it is.
func (f *Files) Touched(p string) error {
	if f.hides(p) {
		return refuse("it changes %s, which a package has", p)
	}
	if f.Changed != nil {
		f.Changed(path.Clean(p))
	}
	return nil
}

// ReadDir lists a directory, sorted.
func (f *Files) ReadDir(p string) ([]fs.DirEntry, error) {
	if f.hides(p) {
		return nil, absent("open", p)
	}
	entries, err := os.ReadDir(f.At(p))
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return f.hides(path.Join(p, e.Name())) }), f.named(err, p)
}

// Readlink is a link's target.
func (f *Files) Readlink(p string) (string, error) {
	if f.hides(p) {
		return "", absent("readlink", p)
	}
	to, err := os.Readlink(f.At(p))
	return to, f.named(err, p)
}

// open is the library's way to a file.
func (r *run) open(ctx context.Context, p string, flags int, mode fs.FileMode) (io.ReadWriteCloser, error) {
	hc := interp.HandlerCtx(ctx)
	if !path.IsAbs(p) {
		p = path.Join(hc.Dir, p)
	}
	var n int
	if _, err := fmt.Sscanf(p, "/dev/null/source-%d", &n); err == nil && n < len(r.read) {
		return source{strings.NewReader(r.read[n])}, nil
	}
	if to := map[string]io.Writer{"/dev/stdout": hc.Stdout, "/dev/stderr": hc.Stderr}[path.Clean(p)]; to != nil && flags&os.O_WRONLY != 0 {
		return stream{to}, nil
	}
	file, err := r.Files.open(p, flags, mode&^fs.FileMode(r.masked()))
	if err == nil {
		return file, nil
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return nil, r.refuse(refusal, hc.Pos, nil)
	}
	return nil, err
}

// source is a text in a file's place.
type source struct{ io.Reader }

func (source) Write([]byte) (int, error) { return 0, fmt.Errorf("write: %w", unix.EBADF) }
func (source) Close() error              { return nil }

// stream is one of the script's own in a file's place.
type stream struct{ io.Writer }

func (stream) Read([]byte) (int, error) { return 0, io.EOF }
func (stream) Close() error             { return nil }

func (r *run) readDir(_ context.Context, p string) ([]fs.DirEntry, error) { return r.Files.ReadDir(p) }

func (r *run) stat(_ context.Context, p string, follow bool) (fs.FileInfo, error) {
	return r.Files.Stat(p, follow)
}

// access is what root may do.
func (r *run) access(_ context.Context, p string, mode interp.AccessMode) error {
	info, err := r.Files.Stat(p, true)
	if err == nil && mode&interp.AccessExec != 0 && !info.IsDir() && info.Mode()&0o111 == 0 {
		return &fs.PathError{Op: "access", Path: p, Err: unix.EACCES}
	}
	return err
}
