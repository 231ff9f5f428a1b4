// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/strata-build/strata/internal/call"
)

// namesFile is where BuildKit keeps the names of a directory that it was sent no content
// of: records of a length in four bytes, little end first, and a message.
const namesFile = ".fsutil-metadata"

// writeHollow makes a tree of names, in which some files have their content.
func writeHollow(c call.Hollow) error {
	data, err := os.ReadFile(path.Join(c.Names, namesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the names: %w", err)
	}
	content, err := os.OpenRoot(c.Content)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	out, err := os.OpenRoot(c.Out)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	for len(data) > 0 {
		if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
			return fmt.Errorf("read the names: %w", io.ErrUnexpectedEOF)
		}
		end := 4 + int(binary.LittleEndian.Uint32(data))
		n, err := parseName(data[4:end])
		if err != nil {
			return fmt.Errorf("read the names: %w", err)
		}
		if err := n.write(content, out); err != nil {
			return fmt.Errorf("make %s: %w", show(n.path), err)
		}
		data = data[end:]
	}
	return nil
}

// name is a record of a file, as fsutil's Stat has it.
type name struct {
	path, link string
	mode       fs.FileMode
	size       int64
}

// parseName reads a message of fsutil's types.Stat.
func parseName(data []byte) (name, error) {
	var n name
	for len(data) > 0 {
		field, kind, used := protowire.ConsumeTag(data)
		if used < 0 {
			return n, protowire.ParseError(used)
		}
		data = data[used:]
		switch {
		case kind == protowire.BytesType && (field == 1 || field == 7):
			text, used := protowire.ConsumeString(data)
			if used < 0 {
				return n, protowire.ParseError(used)
			}
			if field == 1 {
				n.path = text
			} else {
				n.link = text
			}
		case kind == protowire.VarintType && (field == 2 || field == 5):
			number, used := protowire.ConsumeVarint(data)
			if used < 0 {
				return n, protowire.ParseError(used)
			}
			if field == 2 {
				n.mode = fs.FileMode(uint32(number))
			} else {
				n.size = int64(number)
			}
		}
		if used = protowire.ConsumeFieldValue(field, kind, data); used < 0 {
			return n, protowire.ParseError(used)
		}
		data = data[used:]
	}
	return n, nil
}

// write makes the file. What is neither a directory nor a link is a file: whatever it is,
// something is there.
func (n name) write(content, out *os.Root) error {
	at := path.Join(".", path.Clean("/" + n.path)[1:])
	switch {
	case at == ".":
		return nil
	case n.mode.IsDir():
		return out.Mkdir(at, 0o755)
	case n.mode&fs.ModeSymlink != 0:
		return out.Symlink(n.link, at)
	}
	f, err := out.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(n.fill(f, content, at), f.Chmod(n.mode.Perm()))
	return errors.Join(err, f.Close())
}

// fill gives the file its content, or only its size.
func (n name) fill(f *os.File, content *os.Root, at string) error {
	st, err := content.Lstat(at)
	if err != nil || !st.Mode().IsRegular() {
		return f.Truncate(max(n.size, 0))
	}
	from, err := content.Open(at)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	_, err = io.Copy(f, from)
	return err
}
