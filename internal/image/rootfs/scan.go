// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
)

// The names that mean something in a layer, from OCI's image specification.
const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
	// aufsPrefix begins the names of a file system's own files, which old
	// engines left in layers.
	aufsPrefix = ".wh..wh."
	xattrKey   = "SCHILY.xattr."
)

// What Linux allows, in bytes.
const (
	maxName = 255
	maxPath = 4095
)

// record is an entry of a layer. Paths are clean and have no slash in front.
type record struct {
	path string
	kind Kind
	link string // of a hard link
	// inode is what the entry describes. A hard link's says what becomes of the file
	// that it leads to.
	inode *Inode
}

// bodies takes the bodies of a layer's files.
type bodies interface {
	// store takes one, and notes in the inode what it knows.
	store(in *Inode, body io.Reader) error
	// flush is called when all were stored.
	flush() error
}

// scan reads a layer's entries, and gives the bodies away.
func scan(ctx context.Context, l Layer, s bodies) ([]record, error) {
	a, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	var records []record
	room := holes{from: a}
	for r := tar.NewReader(&room); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		rec, ok, err := readEntry(h)
		if err == nil && ok && rec.kind == File {
			if err = room.take(h); err == nil {
				err = s.store(rec.inode, r)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("entry %q: %w", h.Name, err)
		}
		if ok {
			records = append(records, rec)
		}
	}
	if err := a.finish(); err != nil {
		return nil, err
	}
	return records, s.flush()
}

// readEntry makes a record of a header; it reports whether there is any.
func readEntry(h *tar.Header) (record, bool, error) {
	rec := record{path: clean(h.Name)}
	if err := checkPath(rec.path); err != nil {
		return rec, false, err
	}
	if h.Typeflag == tar.TypeXGlobalHeader {
		return rec, false, nil
	}
	dir, base := path.Split(rec.path)
	switch {
	case base == whiteoutOpaque:
		rec.kind, rec.path = opaque, strings.TrimSuffix(dir, "/")
		return rec, true, nil
	case isAUFS(rec.path):
		return rec, false, nil
	case strings.HasPrefix(base, whiteoutPrefix):
		name := strings.TrimPrefix(base, whiteoutPrefix)
		if name == "" || name == "." || name == ".." {
			return rec, false, errors.New("it is a whiteout of no file")
		}
		rec.kind, rec.path = whiteout, dir+name
		return rec, true, nil
	}
	if rec.kind = kindOf(h.Typeflag); rec.kind == 0 {
		return rec, false, fmt.Errorf("tar entries of type %q are unknown", h.Typeflag)
	}
	if rec.path == "" && rec.kind != Dir {
		return rec, false, errors.New("the root can only be a directory")
	}
	if rec.kind == hardLink {
		rec.link = clean(h.Linkname)
		if err := checkPath(rec.link); err != nil {
			return rec, false, err
		}
	}
	var err error
	rec.inode, err = readInode(h, rec.kind)
	return rec, true, err
}

func clean(name string) string { return path.Clean("/" + name)[1:] }

func checkPath(name string) error {
	if len(name) > maxPath {
		return fmt.Errorf("its path has %d bytes, more than the %d that Linux allows", len(name), maxPath)
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > maxName {
			return fmt.Errorf("a name in it has %d bytes, more than the %d that Linux allows", len(part), maxName)
		}
	}
	return nil
}

func isAUFS(name string) bool {
	return strings.HasPrefix(name, aufsPrefix) || strings.Contains(name, "/"+aufsPrefix)
}

func kindOf(flag byte) Kind {
	switch flag {
	case tar.TypeReg, 0, tar.TypeCont, tar.TypeGNUSparse:
		return File
	case tar.TypeDir:
		return Dir
	case tar.TypeSymlink:
		return Symlink
	case tar.TypeLink:
		return hardLink
	case tar.TypeChar:
		return CharDevice
	case tar.TypeBlock:
		return BlockDevice
	case tar.TypeFifo:
		return Fifo
	}
	return 0
}

func readInode(h *tar.Header, kind Kind) (*Inode, error) {
	in := &Inode{
		Kind: kind, Mode: uint32(h.Mode) & 0o7777,
		UID: uint32(h.Uid), GID: uint32(h.Gid), ModTime: h.ModTime,
	}
	switch {
	case h.Uid < 0 || h.Gid < 0 || int64(h.Uid) >= math.MaxUint32 || int64(h.Gid) >= math.MaxUint32:
		return nil, fmt.Errorf("no file can belong to %d:%d", h.Uid, h.Gid)
	case kind == File:
		in.Size = h.Size
	case kind == Symlink:
		in.Target, in.Mode = h.Linkname, 0o777
		if len(in.Target) == 0 || len(in.Target) > maxPath {
			return nil, fmt.Errorf("a symbolic link of %d bytes is not possible", len(in.Target))
		}
	case kind == CharDevice || kind == BlockDevice:
		// The kernel has 12 bits for the one and 20 for the other.
		if h.Devmajor < 0 || h.Devmajor >= 1<<12 || h.Devminor < 0 || h.Devminor >= 1<<20 {
			return nil, fmt.Errorf("there is no device %d:%d", h.Devmajor, h.Devminor)
		}
		in.Major, in.Minor = uint32(h.Devmajor), uint32(h.Devminor)
	}
	for key, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(key, xattrKey); ok && name != "" {
			if in.Xattrs == nil {
				in.Xattrs = map[string]string{}
			}
			in.Xattrs[name] = value
		}
	}
	return in, nil
}
