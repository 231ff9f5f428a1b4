// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package compress

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/ulikunitz/xz/lzma"

	ownxz "github.com/strata-build/strata/internal/compress/xz"
)

// MaxLooseWindow is to [LooseReader] what [MaxWindow] is to [Reader]: packages are made
// with larger dictionaries, too.
const MaxLooseWindow = 256 << 20

// LooseReader is [Reader] for parts of Debian's packages, as dpkg reads them: what follows
// the first stream doesn't count, but for streams of gzip (and of bzip2, where dpkg leaves
// out what others would miss); and nothing at all is nothing to gzip.
func LooseReader(r io.Reader, format string) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	z := &reader{format: format, close: func() {}}
	_, err := in.Peek(1)
	switch {
	case format == Gzip && errors.Is(err, io.EOF):
		z.from, err = in, nil
	case format == None:
		return Reader(in, format)
	case err != nil:
	case format == Gzip:
		z.from, err = newMembers(in)
	case format == Bzip2:
		// A byte of the next stream's start is asked for, and then another one.
		z.from = &last{from: bzip2.NewReader(io.MultiReader(in, bytes.NewReader(make([]byte, 2))))}
	case format == Lzma:
		z.from, err = lzma.ReaderConfig{DictCap: MaxLooseWindow}.NewReader(in)
	case format == Xz:
		z.from, err = openLooseXz(in)
	case format == Zstd:
		o := new(Opener)
		z.from, err = o.openZstd(&frame{in: in})
		z.close = o.closeZstd
	default:
		return Reader(in, format) // it says which formats there are
	}
	if err != nil {
		return nil, z.wrap(err)
	}
	return z, nil
}

// openLooseXz takes the quicker reader where it can. The other one knows no end but the
// stream's own.
func openLooseXz(in *bufio.Reader) (io.Reader, error) {
	start, err := in.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !ownxz.Simple(start) {
		return xz.NewReader(in, MaxLooseWindow)
	}
	from := ownxz.NewReader(in, MaxLooseWindow)
	from.Single = true
	return from, nil
}

// last ends where the library finds no further stream.
type last struct{ from io.Reader }

// Read reads what was compressed.
func (l *last) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if errors.Is(err, bzip2.StructuralError("bad magic value in continuation file")) {
		err = io.EOF
	}
	return n, err
}

// members are streams of gzip behind each other.
type members struct {
	*gzip.Reader
	in *bufio.Reader
}

func newMembers(in *bufio.Reader) (*members, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &members{z, in}, nil
}

// Read reads what was compressed.
func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.Reader.Read(p)
		switch {
		case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return n, err
		case n > 0:
			return n, nil
		}
		start, _ := m.in.Peek(2)
		if Detect(start) != Gzip {
			return 0, io.EOF
		}
		if err := m.Reset(m.in); err != nil {
			return 0, err
		}
		m.Multistream(false)
	}
}

// A frame is one of zstd, with what is to be skipped before it. It knows where it ends by
// the sizes of its blocks (RFC 8878, section 3.1).
type frame struct {
	in *bufio.Reader
	// left are bytes of what is being read, and then comes next.
	left int64
	next func() (int64, error)
}

// Read reads what is compressed.
func (f *frame) Read(p []byte) (int, error) {
	for f.left == 0 {
		if f.next == nil {
			f.next = f.header
		}
		var err error
		if f.left, err = f.next(); err != nil {
			return 0, err
		}
	}
	n, err := f.in.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

var errHeader = errors.New("it ends within a header")

// header is the size of the frame's header.
func (f *frame) header() (int64, error) {
	start, err := f.in.Peek(zstd.HeaderMaxSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	var h zstd.Header
	if err := h.Decode(start); errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, errHeader
	} else if err != nil {
		return 0, err
	}
	if h.Skippable {
		return int64(h.HeaderSize) + int64(h.SkippableSize), nil
	}
	f.next = func() (int64, error) { return f.block(h.HasCheckSum) }
	return int64(h.HeaderSize), nil
}

// block is the size of a block, with the checksum behind the last one.
func (f *frame) block(sum bool) (int64, error) {
	start, err := f.in.Peek(3)
	if err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	head := binary.LittleEndian.Uint32(append(bytes.Clone(start), 0))
	size := int64(head >> 3)
	if head>>1&3 == 1 {
		size = 1 // one byte, many times
	}
	if head&1 == 1 {
		f.next = func() (int64, error) { return 0, io.EOF }
		if sum {
			size += 4
		}
	}
	return 3 + size, nil
}
