// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// ErrTooLarge is in every error about content beyond its limit.
var ErrTooLarge = errors.New("larger than allowed")

// A counter counts what is read. A reader of gzip takes no byte too many from
// what can be read byte by byte, so the count is where the stream ended.
type counter struct {
	*bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// ReadMember reads the gzip stream at an offset, up to limit bytes of content,
// and returns the offset of its end.
func ReadMember(r io.ReaderAt, offset, size, limit int64) ([]byte, int64, error) {
	in := &counter{Reader: bufio.NewReader(io.NewSectionReader(r, offset, size-offset))}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, 0, fmt.Errorf("decompress: %w", noEOF(err))
	}
	z.Multistream(false)
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(z, limit+1))
	if err != nil {
		return nil, 0, fmt.Errorf("decompress: %w", noEOF(err))
	}
	if n > limit {
		return nil, 0, fmt.Errorf("decompress: %w: %d bytes", ErrTooLarge, limit)
	}
	return b.Bytes(), offset + in.n, nil
}

// ReadEntry reads a file of a tar archive, up to limit bytes: a sparse one has more
// than its archive.
func ReadEntry(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", noEOF(err))
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read file: %w: %d bytes", ErrTooLarge, limit)
	}
	return data, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
