// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/image/packing"
	"github.com/strata-build/strata/internal/plainfile"
)

// tarFile is an archive whose files can be read in any order: a list of where
// each is. The archive itself stays on the disk.
type tarFile struct {
	file    *os.File
	temp    bool
	members map[string]member
}

// member is a file of an archive: a piece of it, or a link to another member.
type member struct {
	offset, size int64
	link         string
}

// openTar lists an archive. One that is compressed, or a stream that this process
// was started with, is
// first unpacked into a temporary file.
func openTar(name, temp string) (*tarFile, error) {
	open := plainfile.Open
	if plainfile.IsHanded(name) {
		open = os.Open
	}
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	t := &tarFile{file: f}
	if t, err = t.plain(temp); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := t.list(); err != nil {
		return nil, errors.Join(fmt.Errorf("read tar: %w", err), t.close())
	}
	return t, nil
}

// plain gives an archive that can be read anywhere.
func (t *tarFile) plain(temp string) (*tarFile, error) {
	fi, err := t.file.Stat()
	if err != nil {
		return nil, err
	}
	format := ""
	if fi.Mode().IsRegular() {
		start := make([]byte, packing.Magic)
		n, err := t.file.ReadAt(start, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if format = compress.Detect(start[:n]); format == compress.None {
			return t, nil
		}
	}
	unpacked, err := decompressAny(t.file, format)
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	return t.spool(unpacked, temp)
}

// decompressAny opens an archive that is compressed in any way, for docker load reads
// more than layers may be.
func decompressAny(r io.Reader, format string) (io.ReadCloser, error) {
	if format == compress.Xz || format == compress.Bzip2 {
		return compress.Reader(r, format)
	}
	return Decompress(r)
}

// spool replaces the archive's file by a temporary one with the content of r.
func (t *tarFile) spool(r io.Reader, temp string) (*tarFile, error) {
	f, err := os.CreateTemp(temp, "strata-archive-*")
	if err != nil {
		return nil, fmt.Errorf("make temporary file: %w", err)
	}
	spooled := &tarFile{file: f, temp: true}
	if _, err := io.Copy(f, r); err != nil {
		return nil, errors.Join(fmt.Errorf("unpack archive: %w", err), spooled.close())
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, spooled.close())
	}
	return spooled, t.file.Close()
}

// list finds the members. Nothing but the headers is read.
func (t *tarFile) list() error {
	t.members = map[string]member{}
	for r := tar.NewReader(t.file); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		offset, err := t.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		name := clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			t.members[name] = member{offset: offset, size: h.Size}
		case tar.TypeLink:
			t.members[name] = member{link: clean(h.Linkname)}
		case tar.TypeSymlink:
			t.members[name] = member{link: clean(path.Join(path.Dir(name), h.Linkname))}
		}
	}
}

// clean is the one form of a member's name.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// errNoMember says that an archive lacks a file.
var errNoMember = fmt.Errorf("the archive lacks a file: %w", fs.ErrNotExist)

// find follows links to a file.
func (t *tarFile) find(name string) (member, error) {
	m, ok := t.members[clean(name)]
	for range 8 {
		if !ok {
			return member{}, fmt.Errorf("%w: %s", errNoMember, name)
		}
		if m.link == "" {
			return m, nil
		}
		m, ok = t.members[m.link]
	}
	return member{}, fmt.Errorf("too many links at %s", name)
}

// open streams a member.
func (t *tarFile) open(name string) (*io.SectionReader, error) {
	m, err := t.find(name)
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(t.file, m.offset, m.size), nil
}

// from streams a member from the byte at offset on.
func (t *tarFile) from(name string, offset int64) (io.ReadCloser, error) {
	r, err := t.open(name)
	if err != nil {
		return nil, err
	}
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return io.NopCloser(r), nil
}

// read returns a small member.
func (t *tarFile) read(name string) ([]byte, error) {
	r, err := t.open(name)
	if err != nil {
		return nil, err
	}
	if r.Size() > manifestLimit {
		return nil, fmt.Errorf("%s has %d bytes, which are too many", name, r.Size())
	}
	return io.ReadAll(r)
}

// close ends the use of the archive.
func (t *tarFile) close() error {
	err := t.file.Close()
	if t.temp {
		err = errors.Join(err, os.Remove(t.file.Name()))
	}
	return err
}
