// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// WriteDir writes the tree into a directory, which must be new or empty. Without
// the rights of root some things are lost; it says how many.
func (t *Tree) WriteDir(ctx context.Context, dir string) (Lost, error) {
	root, err := openRoot(dir)
	if err != nil {
		return Lost{}, err
	}
	defer root.Close()
	w := newDirWriter(t, root)
	if err := w.entries(ctx); err != nil {
		return w.lost, err
	}
	return w.lost, w.leave("", true)
}

// openRoot opens the directory that becomes the root, and makes it if it is new.
func openRoot(dir string) (*os.File, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make root directory: %w", err)
	}
	root, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open root directory: %w", err)
	}
	return root, nil
}

func newDirWriter(t *Tree, root *os.File) *dirWriter {
	return &dirWriter{
		tree: t, dir: root.Name(), root: int(root.Fd()), buf: make([]byte, copyBuffer), zero: make([]byte, spoolChunk),
		left: map[*Inode]bool{},
	}
}

// entries writes all entries. The root, and the directories that the last entry is
// in, have to be left.
func (w *dirWriter) entries(ctx context.Context) error {
	for e := range w.tree.All() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.add(e); err != nil {
			return fmt.Errorf("write %q: %w", e.Path, err)
		}
	}
	return nil
}

// RestoreRoot gives the directory that the tree was written to the root's own
// owner, mode and times, after it was moved.
func (t *Tree) RestoreRoot(dir string) error {
	root, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open root directory: %w", err)
	}
	defer root.Close()
	w := &dirWriter{dir: dir, root: int(root.Fd())}
	return w.describe(Entry{Inode: t.root.inode})
}

// dirWriter writes below a directory. All paths are relative to it, so that they
// may be as long as Linux allows.
type dirWriter struct {
	tree *Tree
	dir  string
	root int // file descriptor
	// open are the directories that the walk is in; they get their times when it
	// has left them.
	open      []Entry
	buf, zero []byte
	left      map[*Inode]bool // not there, so no link to it either
	lost      Lost
}

func (w *dirWriter) add(e Entry) error {
	if err := w.leave(e.Path, false); err != nil {
		return err
	}
	if e.Hardlink != "" {
		if w.left[e.Inode] {
			return nil
		}
		return unix.Linkat(w.root, e.Hardlink, w.root, e.Path, 0)
	}
	switch e.Kind {
	case Dir:
		if e.Path != "" {
			if err := unix.Mkdirat(w.root, e.Path, 0o700); err != nil {
				return err
			}
		}
		w.open = append(w.open, e)
		return nil
	case File:
		return w.file(e)
	case Symlink:
		if err := unix.Symlinkat(e.Target, w.root, e.Path); err != nil {
			return err
		}
	default:
		made, err := w.special(e)
		if err != nil || !made {
			return err
		}
	}
	return w.describe(e)
}

// leave gives the directories that do not hold path what they are meant to have.
func (w *dirWriter) leave(path string, all bool) error {
	for len(w.open) > 0 {
		last := w.open[len(w.open)-1]
		if !all && (last.Path == "" || strings.HasPrefix(path, last.Path+"/")) {
			return nil
		}
		if err := w.describe(last); err != nil {
			return fmt.Errorf("write %q: %w", last.Path, err)
		}
		w.open = w.open[:len(w.open)-1]
	}
	return nil
}

// file writes a file's body, unless it is there and only lacks its name.
func (w *dirWriter) file(e Entry) error {
	if e.placed != "" {
		if err := w.move(e.placed, e.Path); err != nil {
			return err
		}
		return w.describe(e)
	}
	fd, err := unix.Openat(w.root, e.Path, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), filepath.Join(w.dir, e.Path))
	if err := w.body(f, e.Inode); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return w.describe(e)
}

// move gives a file a name that is new. File systems without such a rename have
// to be asked first.
func (w *dirWriter) move(from, to string) error {
	err := unix.Renameat2(w.root, from, w.root, to, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	var there unix.Stat_t
	if err := unix.Fstatat(w.root, to, &there, unix.AT_SYMLINK_NOFOLLOW); !errors.Is(err, unix.ENOENT) {
		return errors.Join(err, unix.EEXIST)
	}
	return unix.Renameat(w.root, from, w.root, to)
}

func (w *dirWriter) body(f *os.File, in *Inode) error {
	if in.holes {
		return w.sparse(f, in)
	}
	if in.Size > copyBuffer {
		if done, err := copyInKernel(f, in); done || err != nil {
			return err
		}
	}
	return w.tree.copyBody(f, in, w.buf)
}

// copyInKernel copies a body from file to file without a look at it. Where the
// file systems cannot, nothing is done.
func copyInKernel(f *os.File, in *Inode) (bool, error) {
	from := in.offset
	for left := in.Size; left > 0; {
		n, err := unix.CopyFileRange(int(in.spool.file.Fd()), &from, int(f.Fd()), nil, int(min(left, 1<<30)), 0)
		switch {
		case err == nil && n == 0:
			return false, io.ErrUnexpectedEOF
		case errors.Is(err, unix.EINTR):
		case err != nil && left == in.Size:
			return false, nil // the usual way says what is wrong, if anything
		case err != nil:
			return false, err
		}
		left -= int64(max(n, 0))
	}
	return true, nil
}

// sparse leaves out what is zero.
func (w *dirWriter) sparse(f *os.File, in *Inode) error {
	body := w.tree.Body(in)
	for at := int64(0); at < in.Size; {
		n := min(in.Size-at, spoolChunk)
		chunk := w.buf[:n]
		if _, err := body.ReadAt(chunk, at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !bytes.Equal(chunk, w.zero[:n]) {
			if _, err := f.WriteAt(chunk, at); err != nil {
				return err
			}
		}
		at += n
	}
	return f.Truncate(in.Size)
}

// special makes a device or a pipe; it reports whether it may.
func (w *dirWriter) special(e Entry) (bool, error) {
	err := unix.Mknodat(w.root, e.Path, e.Kind.unixType()|0o600, int(unix.Mkdev(e.Major, e.Minor)))
	if errors.Is(err, unix.EPERM) {
		w.lost.Devices++
		w.left[e.Inode] = true
		return false, nil
	}
	return err == nil, err
}

// isOverlays reports whether an attribute is one that the kernel's overlay file system
// keeps for itself, and that an image got from the machine that it was made on: of user, if
// that had no root.
func isOverlays(name string) bool {
	return strings.HasPrefix(name, "trusted.overlay.") || strings.HasPrefix(name, "user.overlay.")
}

// describe sets owner, attributes, mode and times, in this order: a new owner
// takes setuid and capabilities away.
func (w *dirWriter) describe(e Entry) error {
	path := e.Path
	if path == "" {
		path = "."
	}
	mode := e.Mode
	err := unix.Fchownat(w.root, path, int(e.UID), int(e.GID), unix.AT_SYMLINK_NOFOLLOW)
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EINVAL): // not root, or not in this user namespace
		w.lost.Owners++
		mode &^= 0o6000
	case err != nil:
		return fmt.Errorf("set owner: %w", err)
	}
	for name, value := range e.Xattrs {
		if isOverlays(name) {
			continue // it would mean something if the directory became a layer of an overlay
		}
		err := unix.Lsetxattr(filepath.Join(w.dir, path), name, []byte(value), 0)
		switch {
		case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOTSUP):
			w.lost.Xattrs++
		case err != nil:
			return fmt.Errorf("set attribute %s: %w", name, err)
		}
	}
	if e.Kind != Symlink {
		if err := unix.Fchmodat(w.root, path, mode, 0); err != nil {
			return fmt.Errorf("set mode: %w", err)
		}
	}
	when, err := unix.TimeToTimespec(e.ModTime)
	if err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	if err := unix.UtimesNanoAt(w.root, path, []unix.Timespec{when, when}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	return nil
}
