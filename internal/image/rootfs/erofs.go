// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// The format is that of Linux's fs/erofs/erofs_fs.h, without compression. All
// sizes are in bytes.
const (
	erofsMagic   = 0xe0f5e1e2
	erofsBlock   = 4096
	erofsSuper   = 1024 // where the superblock is
	erofsSuperSz = 128
	erofsSlot    = 32 // inodes begin at multiples of it, and are named by it
	erofsInodeSz = 64
	erofsDirent  = 12

	// The superblock has a checksum; times are those of modification.
	erofsCompat = 1 | 2

	erofsPlain  = 0 // all of the body in blocks
	erofsInline = 2 // the rest of the body behind the inode
)

// erofsPlace is where an inode and its body are.
type erofsPlace struct {
	slot   uint64
	block  uint32 // the first of the body, counted from the end of the inodes
	inline bool
}

// erofsWriter writes an image front to back: the superblock, the inodes with
// what is small, the bodies.
type erofsWriter struct {
	tree   *Tree
	w      *bufio.Writer
	n      int64 // written so far
	buf    []byte
	places []erofsPlace // by inode number
	// base is the block behind the inodes, blocks how many bodies take.
	base, blocks int64
	lost         Lost
}

// WriteErofs writes the tree as an EROFS image, which Linux mounts since 5.4. It
// is not compressed. The image's UUID comes from the layers.
func (t *Tree) WriteErofs(ctx context.Context, w io.Writer) (Lost, error) {
	e := &erofsWriter{tree: t, buf: make([]byte, copyBuffer), places: make([]erofsPlace, t.inodes+1)}
	if err := e.plan(); err != nil {
		return Lost{}, fmt.Errorf("write erofs image: %w", err)
	}
	// What comes first is kept until its checksum is known.
	first := &erofsFirst{w: w}
	e.w = bufio.NewWriterSize(first, copyBuffer)
	e.superblock()
	for in := range t.first() {
		if err := e.inode(in); err != nil {
			return e.lost, fmt.Errorf("write erofs image: %q: %w", in.first.path(), err)
		}
	}
	e.pad(e.base * erofsBlock)
	for in := range t.first() {
		if err := ctx.Err(); err != nil {
			return e.lost, err
		}
		if err := e.body(in); err != nil {
			return e.lost, fmt.Errorf("write erofs image: %q: %w", in.first.path(), err)
		}
	}
	if err := e.w.Flush(); err != nil {
		return e.lost, fmt.Errorf("write erofs image: %w", err)
	}
	return e.lost, nil
}

// first goes through the inodes in the order of their numbers.
func (t *Tree) first() func(func(*Inode) bool) {
	return func(yield func(*Inode) bool) {
		for e := range t.All() {
			if e.Hardlink == "" && !yield(e.Inode) {
				return
			}
		}
	}
}

// plan finds a place for everything.
func (e *erofsWriter) plan() error {
	at := int64(erofsSuper + erofsSuperSz)
	for in := range e.tree.first() {
		p := &e.places[in.Number]
		xattrs, err := e.xattrs(in)
		if err != nil {
			return fmt.Errorf("%q: %w", in.first.path(), err)
		}
		head := int64(erofsInodeSz + len(xattrs))
		size := erofsSize(in)
		rest := size % erofsBlock
		p.inline = rest > 0 && head+rest <= erofsBlock && (rest <= erofsBlock/2 || in.Kind != File)
		if !p.inline {
			rest = 0
		}
		at = alignUp(at, erofsSlot)
		if at%erofsBlock+erofsInodeSz > erofsBlock || p.inline && (at+head)%erofsBlock+rest > erofsBlock {
			at = alignUp(at, erofsBlock) // neither an inode nor a rest lies in two blocks
		}
		p.slot, p.block = uint64(at/erofsSlot), uint32(e.blocks)
		at += head + rest
		e.blocks += alignUp(size-rest, erofsBlock) / erofsBlock
		if e.blocks > math.MaxUint32-1 {
			return errors.New("it has more blocks than an image can have")
		}
	}
	e.base = alignUp(at, erofsBlock) / erofsBlock
	if e.base+e.blocks > math.MaxUint32 {
		return errors.New("it has more blocks than an image can have")
	}
	return nil
}

func alignUp(n, to int64) int64 { return (n + to - 1) / to * to }

// erofsSize is the size of a body: what a file has in it, where a link leads,
// or a directory's entries.
func erofsSize(in *Inode) int64 {
	switch in.Kind {
	case Dir:
		return erofsDirSize(in.first)
	case Symlink:
		return int64(len(in.Target))
	}
	return in.Size
}

// superblock writes block 0 as far as the inodes.
func (e *erofsWriter) superblock() {
	e.pad(erofsSuper)
	b := little{}
	b.u32(erofsMagic)
	b.u32(0) // the checksum, see erofsFirst
	b.u32(erofsCompat)
	b.u8(12) // the block's size, as a power of 2
	b.u8(0)
	b.u16(uint16(e.places[e.tree.root.inode.Number].slot))
	b.u64(uint64(e.tree.inodes))
	b.u64(0) // when it was made
	b.u32(0)
	b.u32(uint32(e.base + e.blocks))
	b.u32(0) // inodes are counted from block 0
	b.u32(0)
	uuid := e.tree.uuid()
	b = append(b, uuid[:]...)
	e.write(b)
	e.pad(erofsSuper + erofsSuperSz)
}

// uuid names what the layers make, as a version 8 UUID of RFC 9562.
func (t *Tree) uuid() [16]byte {
	var id [16]byte
	copy(id[:], t.id[:])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// erofsFirst puts the checksum into the first block. That block always comes in
// one piece, because the writer before it has a larger buffer.
type erofsFirst struct {
	w    io.Writer
	done bool
}

func (f *erofsFirst) Write(b []byte) (int, error) {
	if !f.done {
		f.done = true
		if len(b) < erofsBlock {
			return 0, io.ErrShortBuffer
		}
		// The kernel leaves out the last step of CRC-32C.
		sum := ^crc32.Checksum(b[erofsSuper:erofsBlock], crc32.MakeTable(crc32.Castagnoli))
		binary.LittleEndian.PutUint32(b[erofsSuper+4:], sum)
	}
	return f.w.Write(b)
}

func (e *erofsWriter) write(b []byte) {
	_, _ = e.w.Write(b) // Flush tells
	e.n += int64(len(b))
}

// pad writes zeros up to a place.
func (e *erofsWriter) pad(to int64) {
	var zero [erofsBlock]byte
	for left := to - e.n; left > 0; left -= erofsBlock {
		_, _ = e.w.Write(zero[:min(left, erofsBlock)]) // Flush tells
	}
	e.n = max(e.n, to)
}

// body writes the blocks of a body.
func (e *erofsWriter) body(in *Inode) error {
	size := erofsSize(in)
	if e.places[in.Number].inline {
		size -= size % erofsBlock
	}
	if size == 0 {
		return nil
	}
	switch in.Kind {
	case Dir:
		e.write(e.dir(in.first)[:size])
	case Symlink:
		e.write([]byte(in.Target))
	default:
		n, err := io.CopyBuffer(struct{ io.Writer }{e.w}, io.LimitReader(e.tree.Body(in), size), e.buf)
		e.n += n
		if err == nil && n != size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	e.pad(alignUp(e.n, erofsBlock))
	return nil
}
