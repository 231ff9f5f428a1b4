// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package xz

import "encoding/binary"

const top = 1 << 24

// bit decodes one bit.
func (d *lzma) bit(p *uint16) uint32 {
	if d.rng < top {
		d.rng <<= 8
		d.code = d.code<<8 | uint32(d.in[d.ip])
		d.ip++
	}
	prob := uint32(*p)
	bound := d.rng >> 11 * prob
	if d.code < bound {
		d.rng = bound
		*p = uint16(prob + (2048-prob)>>5)
		return 0
	}
	d.rng -= bound
	d.code -= bound
	*p = uint16(prob - prob>>5)
	return 1
}

// split decodes a bit as [lzma.bit] does, but without a branch: half of the bits of
// literals and distances can't be foreseen, and each that a processor foresees wrong
// costs it more than the rest of this. The range must be at least top. Zero is all ones
// if the bit is 0, and 0 if it is 1.
func split(rng, code uint32, p *uint16) (nextRange, nextCode, zero uint32) {
	prob := uint32(*p)
	bound := rng >> 11 * prob
	zero = uint32(int64(uint64(code)-uint64(bound)) >> 63)
	rng -= bound
	// For a 0 the sum is negative, and the shift keeps that; the 31 makes it round as
	// bit does.
	*p = uint16(prob - uint32(int32(prob+zero&(1<<32+31-2048))>>5))
	return rng + (bound-rng)&zero, code - bound&^zero, zero
}

// tree decodes a number of that many bits, the highest first.
func (d *lzma) tree(probs []uint16, bits int) uint32 {
	rng, code, ip := d.rng, d.code, d.ip
	m := uint32(1)
	for range bits {
		if rng < top {
			rng <<= 8
			code = code<<8 | uint32(d.in[ip])
			ip++
		}
		var zero uint32
		rng, code, zero = split(rng, code, &probs[m])
		m = m<<1 + 1 + zero
	}
	d.rng, d.code, d.ip = rng, code, ip
	return m - 1<<bits
}

// reverse decodes a number of that many bits, the lowest first.
func (d *lzma) reverse(probs []uint16, bits int) uint32 {
	rng, code, ip := d.rng, d.code, d.ip
	m, out := uint32(1), uint32(0)
	for i := range bits {
		if rng < top {
			rng <<= 8
			code = code<<8 | uint32(d.in[ip])
			ip++
		}
		var zero uint32
		rng, code, zero = split(rng, code, &probs[m])
		m = m<<1 + 1 + zero
		out += (1 + zero) << i
	}
	d.rng, d.code, d.ip = rng, code, ip
	return out
}

// direct decodes bits without a probability.
func (d *lzma) direct(bits int) uint32 {
	out := uint32(0)
	for range bits {
		if d.rng < top {
			d.rng <<= 8
			d.code = d.code<<8 | uint32(d.in[d.ip])
			d.ip++
		}
		d.rng >>= 1
		d.code -= d.rng
		t := 0 - d.code>>31 // all ones if code was below range
		d.code += d.rng & t
		out = out<<1 + t + 1
	}
	return out
}

// length decodes a match's.
func (d *lzma) length(l *lengths, posState int) int {
	switch {
	case d.bit(&l.choice) == 0:
		return 2 + int(d.tree(l.low[posState][:], 3))
	case d.bit(&l.choice2) == 0:
		return 10 + int(d.tree(l.mid[posState][:], 3))
	default:
		return 18 + int(d.tree(l.high[:], 8))
	}
}

// distance decodes how far back a new match is, less one.
func (d *lzma) distance(length int) int {
	slot := d.tree(d.slot[min(length-2, 3)][:], 6)
	if slot < 4 {
		return int(slot)
	}
	bits := int(slot>>1) - 1
	dist := (2 | slot&1) << bits
	if slot < 14 {
		return int(dist + d.reverse(d.special[dist-slot:], bits))
	}
	return int(dist + d.direct(bits-4)<<4 + d.reverse(d.align[:], 4))
}

// decode fills the buffer up to limit from a chunk of packed bytes, and tells
// whether that worked out.
func (d *lzma) decode(limit, packed int) bool {
	offset := d.since - d.pos
	for d.pos < limit {
		if d.ip > packed {
			return false
		}
		at := d.pos + offset
		posState := at & d.pbMask
		if d.bit(&d.isMatch[d.state][posState]) == 0 {
			d.literalByte(at)
			continue
		}
		length, ok := d.match(posState, at)
		if !ok || length > limit-d.pos || d.rep0 >= min(at, d.dict) || d.rep0 >= d.pos {
			return false
		}
		d.repeat(length)
	}
	if d.rng < top {
		d.code = d.code<<8 | uint32(d.in[d.ip])
		d.ip++
	}
	return d.ip == packed && d.code == 0
}

// literalByte decodes a byte that is not part of a match.
func (d *lzma) literalByte(at int) {
	prev := 0
	if at > 0 {
		prev = int(d.buf[d.pos-1])
	}
	context := (at&d.lpMask)<<d.lc + prev>>(8-d.lc)
	probs := (*[0x300]uint16)(d.literal[context*0x300:])
	if d.state >= 7 && d.rep0 < d.pos {
		d.buf[d.pos] = byte(d.likely(probs, uint32(d.buf[d.pos-d.rep0-1])))
	} else {
		d.buf[d.pos] = byte(d.tree(probs[:0x100], 8))
	}
	d.pos++
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

// likely decodes a byte after a match. The byte that would have gone on with it tells
// a lot about the bits until they differ, so these have probabilities of their own:
// offset is 0 from there on.
func (d *lzma) likely(probs *[0x300]uint16, match uint32) uint32 {
	rng, code, ip := d.rng, d.code, d.ip
	m, offset := uint32(1), uint32(0x100)
	for m < 0x100 {
		match <<= 1
		expected := match & offset
		if rng < top {
			rng <<= 8
			code = code<<8 | uint32(d.in[ip])
			ip++
		}
		var zero uint32
		rng, code, zero = split(rng, code, &probs[offset+expected+m])
		m = m<<1 + 1 + zero
		offset &= expected ^ zero
	}
	d.rng, d.code, d.ip = rng, code, ip
	return m
}

// match decodes where a match is, as rep0, and its length.
func (d *lzma) match(posState, at int) (int, bool) {
	s := d.state
	if d.bit(&d.isRep[s]) == 0 {
		d.rep3, d.rep2, d.rep1 = d.rep2, d.rep1, d.rep0
		length := d.length(&d.matchLen, posState)
		d.rep0 = d.distance(length)
		d.state = after(s, 7, 10)
		return length, true
	}
	if at == 0 {
		return 0, false
	}
	if d.bit(&d.isRepG0[s]) == 0 {
		if d.bit(&d.isRep0Long[s][posState]) == 0 {
			d.state = after(s, 9, 11)
			return 1, true
		}
	} else {
		dist := d.rep1
		if d.bit(&d.isRepG1[s]) == 1 {
			dist = d.rep2
			if d.bit(&d.isRepG2[s]) == 1 {
				dist, d.rep3 = d.rep3, d.rep2
			}
			d.rep2 = d.rep1
		}
		d.rep1, d.rep0 = d.rep0, dist
	}
	d.state = after(s, 8, 11)
	return d.length(&d.repLen, posState), true
}

// after is the state that follows, which depends on whether a literal came before.
func after(state, literal, match int) int {
	if state < 7 {
		return literal
	}
	return match
}

// repeat copies a match, which may go on into what it makes.
func (d *lzma) repeat(length int) {
	from := d.pos - d.rep0 - 1
	to := d.pos
	d.pos += length
	if d.rep0 >= 7 && length <= 32 && to+32 <= len(d.buf) {
		for range (length + 7) / 8 {
			binary.LittleEndian.PutUint64(d.buf[to:], binary.LittleEndian.Uint64(d.buf[from:]))
			from, to = from+8, to+8
		}
		return
	}
	for length > 0 {
		n := copy(d.buf[to:to+length], d.buf[from:to])
		to += n
		length -= n
	}
}
