// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/nix/nar"
)

// packed is the Nix archive of the tree at a path, made while it is read. So a
// tree and its archive are unpacked by the same code, to the same bytes.
func packed(p string) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		buffered := bufio.NewWriterSize(w, 1<<18)
		err := pack(buffered, p)
		if err == nil {
			err = buffered.Flush()
		}
		w.CloseWithError(err)
	}()
	return r
}

// pack writes the archive of the file, link or directory at p. No link on the
// way to it is followed.
func pack(w io.Writer, p string) error {
	at, err := openAbove(p)
	if err != nil {
		return err
	}
	defer at.close()
	k := packer{w: nar.NewWriter(w), buf: make([]byte, 1<<16)}
	if err := k.entry(at, path.Base(p), ""); err != nil {
		return err
	}
	return k.w.Close()
}

// openAbove opens the directory that p is in.
func openAbove(p string) (dir, error) {
	root, err := openRoot("/")
	if err != nil {
		return dir{}, err
	}
	defer root.close()
	return root.descend(path.Dir(p))
}

// A packer is one archive that is being written.
type packer struct {
	w   *nar.Writer
	buf []byte
}

// entry adds name in d to the archive; as is its name there.
func (k packer) entry(d dir, name, as string) error {
	st, err := d.stat(name)
	if err != nil {
		return err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		target, err := d.readlink(name)
		if err != nil {
			return err
		}
		return k.w.Write(nar.Entry{Type: nar.Symlink, Name: as, Target: target}, nil)
	case unix.S_IFREG:
		return k.file(d, name, as)
	case unix.S_IFDIR:
		sub, err := d.open(name)
		if err != nil {
			return err
		}
		defer sub.close()
		return k.directory(sub, as)
	}
	return fmt.Errorf("read %s: it is neither a file, nor a link, nor a directory, and a store has no others", show(d.join(name)))
}

func (k packer) file(d dir, name, as string) error {
	fd, err := unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", show(d.join(name)), err)
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return k.w.Write(nar.Entry{Type: nar.Regular, Name: as, Executable: info.Mode()&0o100 != 0, Size: info.Size()}, f)
}

func (k packer) directory(d dir, as string) error {
	names, err := d.names(k.buf)
	if err != nil {
		return err
	}
	if err := k.w.Write(nar.Entry{Type: nar.Directory, Name: as}, nil); err != nil {
		return err
	}
	for _, name := range names {
		if err := k.entry(d, name, name); err != nil {
			return err
		}
	}
	return k.w.Write(nar.Entry{Type: nar.Leave}, nil)
}

// copyModes gives the item's copy in at the permission bits of its tree.
func (item storeItem) copyModes(at dir, name string) error {
	from, err := openAbove(item.Input)
	if err != nil {
		return err
	}
	defer from.close()
	return copyMode(from, path.Base(item.Input), at, name)
}

func copyMode(from dir, source string, to dir, name string) error {
	st, err := from.stat(source)
	if err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return nil
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		a, err := from.open(source)
		if err != nil {
			return err
		}
		defer a.close()
		b, err := to.open(name)
		if err != nil {
			return err
		}
		defer b.close()
		names, err := a.names(make([]byte, 1<<13))
		if err != nil {
			return err
		}
		for _, child := range names {
			if err := copyMode(a, child, b, child); err != nil {
				return err
			}
		}
	}
	if err := unix.Fchmodat(to.fd, name, st.Mode&0o7777, 0); err != nil {
		return fmt.Errorf("set mode of %s: %w", show(to.join(name)), err)
	}
	return nil
}
