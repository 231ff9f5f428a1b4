// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bufio"
	"encoding/binary"
	"io"
)

const (
	states     = 12
	posStates  = 16
	probInit   = 1 << 10
	maxPacked  = 1 << 16
	maxChunk   = 1 << 21
	inputSlack = 64 // more than one symbol can need
)

// lengths are the probabilities of a match's length.
type lengths struct {
	choice, choice2 uint16
	low, mid        [posStates][8]uint16
	high            [256]uint16
}

// lzma decodes LZMA2. What it decoded is the dictionary that matches refer to.
type lzma struct {
	dict int
	buf  []byte
	pos  int
	// since counts the bytes since the dictionary was emptied.
	since             int
	needDict, needAll bool
	needState         bool

	in        [maxPacked + inputSlack]byte
	ip        int
	rng, code uint32

	state                  int
	rep0, rep1, rep2, rep3 int
	lc                     uint
	lpMask, pbMask         int

	isMatch, isRep0Long              [states][posStates]uint16
	isRep, isRepG0, isRepG1, isRepG2 [states]uint16
	slot                             [4][64]uint16
	special                          [115]uint16
	align                            [16]uint16
	matchLen, repLen                 lengths
	literal                          [16 * 0x300]uint16
}

// begin starts a block whose matches look back at up to dict bytes.
func (d *lzma) begin(dict int) {
	d.dict, d.pos, d.since = dict, 0, 0
	d.needDict, d.needAll, d.needState = true, true, true
}

// chunk decodes a chunk, and tells how many bytes of input it had. After the
// last one there is nothing.
func (d *lzma) chunk(r *bufio.Reader) (out []byte, read int, err error) {
	control, err := r.ReadByte()
	if err != nil {
		return nil, 0, early(err)
	}
	if control == 0 {
		return nil, 1, nil
	}
	if control >= 0xe0 || control == 1 {
		d.since, d.needDict = 0, false
	} else if d.needDict {
		return nil, 0, ErrDamage
	}
	if control >= 0x80 {
		return d.packed(r, control)
	}
	if control > 2 {
		return nil, 0, ErrDamage
	}
	var h [2]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, 0, early(err)
	}
	n := int(binary.BigEndian.Uint16(h[:])) + 1
	d.room(n)
	out = d.buf[d.pos : d.pos+n]
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, 0, early(err)
	}
	d.pos += n
	d.since += n
	return out, 3 + n, nil
}

// packed decodes a chunk that is compressed.
func (d *lzma) packed(r *bufio.Reader, control byte) (out []byte, read int, err error) {
	var h [5]byte
	size := 4
	if control >= 0xc0 {
		size = 5
	}
	if _, err := io.ReadFull(r, h[:size]); err != nil {
		return nil, 0, early(err)
	}
	n := (int(control&0x1f)<<16 | int(binary.BigEndian.Uint16(h[:]))) + 1
	packed := int(binary.BigEndian.Uint16(h[2:])) + 1
	switch {
	case control >= 0xc0:
		if !d.properties(h[4]) {
			return nil, 0, ErrDamage
		}
		d.needAll = false
		d.reset()
	case d.needAll:
		return nil, 0, ErrDamage
	case control >= 0xa0:
		d.reset()
	case d.needState:
		return nil, 0, ErrDamage
	}
	if _, err := io.ReadFull(r, d.in[:packed]); err != nil {
		return nil, 0, early(err)
	}
	clear(d.in[packed : packed+inputSlack])
	if packed < 5 || d.in[0] != 0 {
		return nil, 0, ErrDamage
	}
	d.rng, d.code, d.ip = 0xffffffff, binary.BigEndian.Uint32(d.in[1:]), 5
	d.room(n)
	start := d.pos
	if !d.decode(start+n, packed) {
		return nil, 0, ErrDamage
	}
	d.since += n
	return d.buf[start:d.pos], 1 + size + packed, nil
}

// properties are packed in one byte: literal context bits, literal position bits
// and position bits.
func (d *lzma) properties(b byte) bool {
	if b >= 9*5*5 {
		return false
	}
	lc, rest := uint(b%9), b/9
	lp, pb := uint(rest%5), uint(rest/5)
	if lc+lp > 4 {
		return false
	}
	d.lc, d.lpMask, d.pbMask = lc, 1<<lp-1, 1<<pb-1
	return true
}

func (d *lzma) reset() {
	d.needState = false
	d.state, d.rep0, d.rep1, d.rep2, d.rep3 = 0, 0, 0, 0, 0
	for s := range states {
		for p := range posStates {
			d.isMatch[s][p], d.isRep0Long[s][p] = probInit, probInit
		}
		d.isRep[s], d.isRepG0[s], d.isRepG1[s], d.isRepG2[s] = probInit, probInit, probInit, probInit
	}
	for i := range d.slot {
		fill(d.slot[i][:])
	}
	fill(d.special[:])
	fill(d.align[:])
	fill(d.literal[:])
	for _, l := range []*lengths{&d.matchLen, &d.repLen} {
		l.choice, l.choice2 = probInit, probInit
		for i := range l.low {
			fill(l.low[i][:])
			fill(l.mid[i][:])
		}
		fill(l.high[:])
	}
}

func fill(p []uint16) {
	for i := range p {
		p[i] = probInit
	}
}

// room makes room for n bytes after the dictionary.
func (d *lzma) room(n int) {
	if d.pos+n <= len(d.buf) {
		return
	}
	extra := min(max(d.dict, 2*maxChunk), 8*maxChunk)
	if most := d.dict + extra; len(d.buf) < most && d.pos+n <= most {
		bigger := make([]byte, min(most, max(2*len(d.buf), d.pos+n, 1<<18)))
		copy(bigger, d.buf[:d.pos])
		d.buf = bigger
		return
	}
	kept := copy(d.buf, d.buf[d.pos-min(d.dict, d.pos):d.pos])
	d.pos = kept
}
