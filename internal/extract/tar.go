// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// tar unpacks an archive of tar.
func (t *tree) tar(from io.Reader) error {
	r := tar.NewReader(from)
	for n := 0; ; n++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return atEnd(from, n == 0)
		}
		if err != nil {
			return notWhole(err)
		}
		if err := t.tarred(h, r); err != nil {
			return named(h.Name, err)
		}
	}
}

// atEnd reads what follows the last file, which says whether a stream was whole. If there was
// no file, nothing but zeros may follow: what begins with zeros may be something else.
func atEnd(from io.Reader, wasEmpty bool) error {
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if wasEmpty && slices.ContainsFunc(buf[:n], func(b byte) bool { return b != 0 }) {
			return fmt.Errorf("%w: it begins with zeros, as an empty archive of tar, and has something else behind them", errFormat)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notWhole(err)
		}
	}
}

func (t *tree) tarred(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	if h.Typeflag == tar.TypeLink && t.hasItself(h.Name, h.Linkname) {
		return nil
	}
	at, err := t.place(h.Name, h.Typeflag == tar.TypeDir)
	if err != nil || at == "" {
		return err
	}
	if !isOwner(h.Uid) || !isOwner(h.Gid) {
		return fmt.Errorf("it belongs to %d:%d, which can't be an owner", h.Uid, h.Gid)
	}
	a := attributes{mode: uint32(h.Mode) & 0o7777, uid: h.Uid, gid: h.Gid, xattrs: xattrsOf(h)}
	switch h.Typeflag {
	case tar.TypeDir:
		return t.directory(at, a)
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return t.file(at, a, h.Size, content)
	case tar.TypeSymlink:
		return t.symlink(at, h.Linkname, a)
	case tar.TypeLink:
		return t.link(at, h.Linkname)
	case tar.TypeFifo:
		return t.node(at, unix.S_IFIFO, 0, a)
	case tar.TypeChar, tar.TypeBlock:
		if h.Devmajor == 0 && h.Devminor == 0 {
			return errors.New("it is a device 0:0, which means a deletion in an image's layer")
		}
		kind := uint32(unix.S_IFCHR)
		if h.Typeflag == tar.TypeBlock {
			kind = unix.S_IFBLK
		}
		return t.node(at, kind, int(unix.Mkdev(uint32(h.Devmajor), uint32(h.Devminor))), a)
	default:
		return fmt.Errorf("it is of the unknown type %q", h.Typeflag)
	}
}

// xattrsOf are the extended attributes of a file that an image keeps, sorted.
func xattrsOf(h *tar.Header) []xattr {
	var found []xattr
	for _, key := range slices.Sorted(maps.Keys(h.PAXRecords)) {
		name, ok := strings.CutPrefix(key, "SCHILY.xattr.")
		if ok && (name == "security.capability" || strings.HasPrefix(name, "user.") && !strings.HasPrefix(name, "user.overlay.")) {
			found = append(found, xattr{name, h.PAXRecords[key]})
		}
	}
	return found
}

// named says which file of an archive an error is about.
func named(name string, err error) error {
	if where, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s: %w", where.Op, where.Err)
	}
	if where, ok := errors.AsType[*os.LinkError](err); ok {
		err = fmt.Errorf("%s: %w", where.Op, where.Err)
	}
	return fmt.Errorf("%.200q in it: %w", name, err)
}

// isOwner reports whether a number can be that of a user or group: the greatest of 32
// bits stands for no change.
func isOwner(id int) bool { return id >= 0 && int64(id) < 1<<32-1 }
