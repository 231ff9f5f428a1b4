// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// The ways in which a stream can be wrong.
var (
	ErrFormat = errors.New("not the xz format")
	ErrDamage = errors.New("the data is damaged")
	ErrMemory = errors.New("it needs too much memory")
)

const (
	magic  = "\xfd7zXZ\x00"
	footer = "YZ"
)

// Simple reports whether a stream's first bytes, of which 64 are enough, say that
// its first block has no filter but LZMA2. A Reader reads no others.
func Simple(start []byte) bool {
	return len(start) > 13 && bytes.HasPrefix(start, []byte(magic)) && (start[12] == 0 || start[13]&0x3f == 0 && lastFilter(start))
}

// lastFilter reports whether the first filter in a block's header is LZMA2.
func lastFilter(start []byte) bool {
	rest := start[14:]
	for _, there := range []byte{0x40, 0x80} {
		if start[13]&there != 0 {
			_, n := binary.Uvarint(rest)
			if n <= 0 {
				return false
			}
			rest = rest[n:]
		}
	}
	return len(rest) > 0 && rest[0] == 0x21
}

// A Reader decompresses streams, one after the other.
type Reader struct {
	// Single reads no further stream than the first one, whatever follows.
	Single  bool
	in      *bufio.Reader
	maxDict int64
	check   byte
	sum     hash.Hash
	lzma    *lzma
	// ready is what is decompressed and not yet read.
	ready []byte
	// records are the sizes of the stream's blocks; index has to repeat them.
	records [][2]uint64
	inBlock bool
	block   blockHeader
	// packed and unpacked count the bytes of the block.
	packed, unpacked uint64
	begun            bool
	err              error
}

// NewReader returns a reader of the streams in r, which may ask for maxDict bytes
// to look back at.
func NewReader(r *bufio.Reader, maxDict int64) *Reader {
	return &Reader{in: r, maxDict: maxDict, lzma: &lzma{}}
}

// Read reads what was compressed.
func (z *Reader) Read(p []byte) (int, error) {
	for len(z.ready) == 0 {
		if z.err == nil {
			z.err = z.next()
		}
		if z.err != nil && len(z.ready) == 0 {
			return 0, z.err
		}
	}
	n := copy(p, z.ready)
	z.ready = z.ready[n:]
	return n, nil
}

// next reads a chunk, or what is between chunks.
func (z *Reader) next() error {
	if z.inBlock {
		return z.chunk()
	}
	if !z.begun {
		return z.header()
	}
	size, err := z.in.ReadByte()
	if err != nil {
		return early(err)
	}
	if size == 0 {
		return z.index()
	}
	return z.blockHeader(size)
}

// early makes the input's end an error.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header reads a stream's header, or the input's end.
func (z *Reader) header() error {
	var h [12]byte
	if z.Single && z.check == 0xff {
		return io.EOF
	}
	if _, err := io.ReadFull(z.in, h[:1]); err != nil {
		if errors.Is(err, io.EOF) && z.check == 0xff {
			return io.EOF
		}
		return early(err)
	}
	if h[0] == 0 && z.check == 0xff {
		return z.padding()
	}
	if _, err := io.ReadFull(z.in, h[1:]); err != nil {
		return early(err)
	}
	switch {
	case string(h[:6]) != magic:
		return ErrFormat
	case binary.LittleEndian.Uint32(h[8:]) != crc32.ChecksumIEEE(h[6:8]):
		return ErrDamage
	case h[6] != 0 || h[7] > 15:
		return ErrFormat
	}
	switch z.check = h[7]; z.check {
	case 0:
		z.sum = nil
	case 1:
		z.sum = crc32.NewIEEE()
	case 4:
		z.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		z.sum = sha256.New()
	default:
		return fmt.Errorf("%w: its check is of kind %d", ErrFormat, z.check)
	}
	z.begun, z.records = true, nil
	return nil
}

// padding reads the zeros between streams, of which there are a multiple of four.
// The first one is read.
func (z *Reader) padding() error {
	for n := 1; ; n++ {
		next, err := z.in.Peek(1)
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case len(next) > 0 && next[0] == 0:
			_, _ = z.in.ReadByte()
		case n%4 != 0:
			return ErrDamage
		default:
			return nil
		}
	}
}

type blockHeader struct {
	size             uint64
	packed, unpacked uint64
	hasPacked        bool
	hasUnpacked      bool
}

// blockHeader reads the header of a block after the byte with its size.
func (z *Reader) blockHeader(size byte) error {
	h := make([]byte, (int(size)+1)*4)
	h[0] = size
	if _, err := io.ReadFull(z.in, h[1:]); err != nil {
		return early(err)
	}
	n := len(h) - 4
	if binary.LittleEndian.Uint32(h[n:]) != crc32.ChecksumIEEE(h[:n]) {
		return ErrDamage
	}
	if h[1]&0x3f != 0 {
		return fmt.Errorf("%w: it has another filter than LZMA2", ErrFormat)
	}
	b := blockHeader{size: uint64(len(h)), hasPacked: h[1]&0x40 != 0, hasUnpacked: h[1]&0x80 != 0}
	rest := h[2:n]
	for _, f := range []struct {
		there bool
		to    *uint64
	}{{b.hasPacked, &b.packed}, {b.hasUnpacked, &b.unpacked}} {
		if f.there {
			v, n := binary.Uvarint(rest)
			if n <= 0 {
				return ErrDamage
			}
			*f.to, rest = v, rest[n:]
		}
	}
	if len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 || rest[2] > 40 {
		return fmt.Errorf("%w: it has another filter than LZMA2", ErrFormat)
	}
	dict := int64(0xffffffff)
	if bits := int64(rest[2]); bits < 40 {
		dict = (2 | bits&1) << (bits/2 + 11)
	}
	if dict > z.maxDict {
		return fmt.Errorf("%w: %d bytes to look back at, and %d are allowed", ErrMemory, dict, z.maxDict)
	}
	for _, c := range rest[3:] {
		if c != 0 {
			return ErrDamage
		}
	}
	z.block, z.inBlock, z.packed, z.unpacked = b, true, 0, 0
	if z.sum != nil {
		z.sum.Reset()
	}
	z.lzma.begin(int(dict))
	return nil
}

// chunk reads a chunk of a block, or the block's end.
func (z *Reader) chunk() error {
	out, read, err := z.lzma.chunk(z.in)
	if err != nil {
		return err
	}
	z.packed += uint64(read)
	z.unpacked += uint64(len(out))
	if z.block.hasPacked && z.packed > z.block.packed || z.block.hasUnpacked && z.unpacked > z.block.unpacked {
		return ErrDamage
	}
	if z.sum != nil {
		z.sum.Write(out)
	}
	if z.ready = out; out != nil {
		return nil
	}
	return z.endBlock()
}

func (z *Reader) endBlock() error {
	if z.block.hasPacked && z.packed != z.block.packed || z.block.hasUnpacked && z.unpacked != z.block.unpacked {
		return ErrDamage
	}
	for n := z.packed; n%4 != 0; n++ {
		if c, err := z.in.ReadByte(); err != nil || c != 0 {
			return errors.Join(ErrDamage, early(err))
		}
	}
	size := 0
	if z.sum != nil {
		size = z.sum.Size()
		want := make([]byte, size)
		if _, err := io.ReadFull(z.in, want); err != nil {
			return early(err)
		}
		got := z.sum.Sum(nil)
		if z.check != 10 {
			// The CRCs are little-endian here.
			for i, j := 0, len(got)-1; i < j; i, j = i+1, j-1 {
				got[i], got[j] = got[j], got[i]
			}
		}
		if !bytes.Equal(want, got) {
			return ErrDamage
		}
	}
	z.records = append(z.records, [2]uint64{z.block.size + z.packed + uint64(size), z.unpacked})
	z.inBlock = false
	return nil
}

// index reads what follows the blocks, after its first byte, and the footer.
func (z *Reader) index() error {
	sum := crc32.NewIEEE()
	_, _ = sum.Write([]byte{0})
	size := uint64(1)
	number := func() (uint64, error) {
		v := uint64(0)
		for shift := 0; shift < 63; shift += 7 {
			c, err := z.in.ReadByte()
			if err != nil {
				return 0, early(err)
			}
			_, _ = sum.Write([]byte{c})
			size++
			if v |= uint64(c&0x7f) << shift; c < 0x80 {
				return v, nil
			}
		}
		return 0, ErrDamage
	}
	want := []uint64{uint64(len(z.records))}
	for _, r := range z.records {
		want = append(want, r[0], r[1])
	}
	for _, w := range want {
		if v, err := number(); err != nil || v != w {
			return errors.Join(ErrDamage, err)
		}
	}
	for size%4 != 0 {
		if c, err := number(); err != nil || c != 0 {
			return errors.Join(ErrDamage, err)
		}
	}
	var end [16]byte
	if _, err := io.ReadFull(z.in, end[:]); err != nil {
		return early(err)
	}
	if binary.LittleEndian.Uint32(end[:]) != sum.Sum32() || binary.LittleEndian.Uint32(end[4:]) != crc32.ChecksumIEEE(end[8:14]) ||
		uint64(binary.LittleEndian.Uint32(end[8:])+1)*4 != size+4 || end[12] != 0 || end[13] != z.check || string(end[14:]) != footer {
		return ErrDamage
	}
	z.begun, z.check = false, 0xff
	return nil
}
