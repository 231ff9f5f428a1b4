// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The sizes of a spool, in bytes.
const (
	// spoolBuffer collects bodies before they are written.
	spoolBuffer = 1 << 20
	// spoolChunk is what is left out when it has only zeros.
	spoolChunk = 64 << 10
)

// spool keeps the bodies of one layer's files in a temporary file.
type spool struct {
	file *os.File
	end  int64 // of what was written
	buf  []byte
	zero []byte
}

// newSpool makes a spool in a directory.
func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "strata-rootfs-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	_ = os.Remove(f.Name()) // where that isn't possible yet, close does it
	return &spool{file: f, buf: make([]byte, 0, spoolBuffer), zero: make([]byte, spoolChunk)}, nil
}

// store takes a body and notes where it is.
func (s *spool) store(in *Inode, body io.Reader) error {
	in.spool, in.offset = s, s.end+int64(len(s.buf))
	for left := in.Size; left > 0; {
		n := int(min(left, spoolChunk))
		if len(s.buf)+n > cap(s.buf) {
			if err := s.write(); err != nil {
				return err
			}
		}
		chunk := s.buf[len(s.buf) : len(s.buf)+n]
		if _, err := io.ReadFull(body, chunk); err != nil {
			return fmt.Errorf("read body: %w", err)
		}
		if n == spoolChunk && bytes.Equal(chunk, s.zero) {
			if err := s.write(); err != nil {
				return err
			}
			s.end += spoolChunk
			in.holes = true
		} else {
			s.buf = s.buf[:len(s.buf)+n]
		}
		left -= int64(n)
	}
	return nil
}

// write empties the buffer.
func (s *spool) write() error {
	n, err := s.file.WriteAt(s.buf, s.end)
	if err != nil {
		return fmt.Errorf("write to the temporary file %s: %w", s.file.Name(), err)
	}
	s.end += int64(n)
	s.buf = s.buf[:0]
	return nil
}

// flush ends the writing.
func (s *spool) flush() error {
	if err := s.write(); err != nil {
		return err
	}
	s.buf, s.zero = nil, nil
	if err := s.file.Truncate(s.end); err != nil { // a hole at the end
		return fmt.Errorf("write to a temporary file: %w", err)
	}
	return nil
}

func (s *spool) close() error {
	err := s.file.Close()
	if rm := os.Remove(s.file.Name()); !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}
