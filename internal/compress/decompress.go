// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package compress reads the compressed streams that packages and archives
// of store paths come in. It is strict: a stream that is cut short, followed by
// anything but another stream of its format, or wrong in a checksum is an error.
// Memory is bounded whatever a stream's header claims: see [MaxWindow] and [MaxZstdWindow].
//
// It is part of the step helper, whose bytes are in cache keys and which runs
// on all cores already. So each reader works in its caller's goroutine alone.
package compress

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/ulikunitz/xz/lzma"

	ownxz "github.com/strata-build/strata/internal/compress/xz"
)

// The formats, as narinfo files name them.
const (
	None  = "none"
	Gzip  = "gzip"
	Bzip2 = "bzip2"
	Xz    = "xz"
	Zstd  = "zstd"
	// Lzma is what came before xz. It has no checksums, and nothing tells it by its
	// start.
	Lzma = "lzma"
)

// MaxWindow is the most memory, in bytes, that a stream may ask a reader to
// keep of what it has read: what "xz -9" asks for. It is the greatest part of
// the memory a reader needs.
const MaxWindow = 64 << 20

// MaxZstdWindow is the same for zstd, in bytes: what "zstd --long" asks for, and what
// zstd itself takes without being told.
const MaxZstdWindow = 128 << 20

// ErrFormat says that a format has a name that Reader doesn't know.
var ErrFormat = errors.New("unknown compression")

// Formats are the names that Reader takes.
func Formats() []string { return []string{None, Gzip, Bzip2, Xz, Zstd, Lzma} }

// Reader returns what r holds without its compression. An empty format is
// found from the first bytes. The caller closes the reader; r stays open.
func Reader(r io.Reader, format string) (io.ReadCloser, error) {
	return new(Opener).Reader(r, format)
}

// An Opener opens many streams, and one is closed before the next is opened. It keeps
// the memory that a decoder of zstd wants, which takes longer to get than a small
// stream takes to decode. The zero value is ready.
type Opener struct{ zstd *zstd.Decoder }

// Reader is [Reader].
func (o *Opener) Reader(r io.Reader, format string) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	if format == "" {
		start, err := buffered.Peek(magicSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("detect compression: %w", err)
		}
		format = Detect(start)
	}
	z := &reader{format: format, close: func() {}}
	if err := z.open(buffered, o); err != nil {
		return nil, err
	}
	return z, nil
}

// magicSize is the number of bytes that tell all formats.
const magicSize = 6

// Detect names the format of a stream by its first bytes, of which 6 are
// enough. What isn't known is taken for none.
func Detect(start []byte) string {
	for _, known := range []struct{ magic, format string }{
		{"\x1f\x8b", Gzip},
		{"BZh", Bzip2},
		{"\xfd7zXZ\x00", Xz},
		{"\x28\xb5\x2f\xfd", Zstd},
	} {
		if bytes.HasPrefix(start, []byte(known.magic)) {
			return known.format
		}
	}
	if len(start) >= 4 && start[0]&0xf0 == 0x50 && bytes.HasPrefix(start[1:], []byte("\x2a\x4d\x18")) {
		return Zstd // it begins with a frame that is to be skipped
	}
	return None
}

// A reader names the format in errors.
type reader struct {
	format string
	from   io.Reader
	close  func()
}

func (z *reader) open(r *bufio.Reader, o *Opener) error {
	var err error
	if z.format != None {
		if _, err = r.Peek(1); err != nil {
			return z.wrap(err)
		}
	}
	switch z.format {
	case None:
		z.from = r
	case Gzip:
		z.from, err = gzip.NewReader(r)
	case Bzip2:
		z.from = bzip2.NewReader(r)
	case Xz:
		z.from, err = openXz(r)
	case Lzma:
		z.from, err = openLzma(r)
	case Zstd:
		z.from, err = o.openZstd(r)
		z.close = o.closeZstd
	default:
		return fmt.Errorf("%w %q; known are %s", ErrFormat, z.format, strings.Join(Formats(), ", "))
	}
	return z.wrap(err)
}

// openZstd takes the decoder that there is, or makes one.
func (o *Opener) openZstd(r io.Reader) (io.Reader, error) {
	if o.zstd != nil {
		return o.zstd, o.zstd.Reset(r)
	}
	var err error
	o.zstd, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(MaxZstdWindow), zstd.WithDecodeBuffersBelow(0))
	return o.zstd, err
}

// closeZstd lets go of the stream and keeps the decoder. With one goroutine it holds
// nothing but memory.
func (o *Opener) closeZstd() {
	if o.zstd != nil {
		_ = o.zstd.Reset(nil) // it can't fail without a stream
	}
}

// openXz takes the quicker reader for what packages have, and the complete one
// for streams with filters for machine code.
func openXz(r *bufio.Reader) (io.Reader, error) {
	start, err := r.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if ownxz.Simple(start) {
		return ownxz.NewReader(r, MaxWindow), nil
	}
	return xz.NewReader(r, MaxWindow)
}

// openLzma opens a stream of lzma, which is to be the only one.
func openLzma(r *bufio.Reader) (io.Reader, error) {
	from, err := lzma.ReaderConfig{DictCap: MaxWindow}.NewReader(r)
	return &single{from, r}, err
}

// A single stream is one that nothing may follow.
type single struct {
	io.Reader
	in *bufio.Reader
}

var errMore = errors.New("something follows its end")

// Read reads what was compressed.
func (s *single) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		if _, more := s.in.Peek(1); more == nil {
			err = errMore
		}
	}
	return n, err
}

// Read reads what was compressed.
func (z *reader) Read(p []byte) (int, error) {
	n, err := z.from.Read(p)
	return n, z.wrap(err)
}

// Close frees what the reader holds.
func (z *reader) Close() error {
	z.close()
	return nil
}

// wrap says which format was wrong. An end before there is a reader, which
// nothing compressed has, came too early.
func (z *reader) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && z.from != nil:
		return io.EOF
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	case z.format == None:
		return err
	}
	return fmt.Errorf("decompress %s: %w", z.format, err)
}
