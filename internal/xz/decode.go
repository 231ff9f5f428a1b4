// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package xz

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
		p := &probs[m]
		prob := uint32(*p)
		bound := rng >> 11 * prob
		m <<= 1
		if code < bound {
			rng = bound
			*p = uint16(prob + (2048-prob)>>5)
		} else {
			rng -= bound
			code -= bound
			*p = uint16(prob - prob>>5)
			m |= 1
		}
	}
	d.rng, d.code, d.ip = rng, code, ip
	return m - 1<<bits
}

// reverse decodes a number of that many bits, the lowest first.
func (d *lzma) reverse(probs []uint16, bits int) uint32 {
	m, out := uint32(1), uint32(0)
	for i := range bits {
		b := d.bit(&probs[m])
		m = m<<1 | b
		out |= b << i
	}
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

// literalByte decodes a byte that is no part of a match.
func (d *lzma) literalByte(at int) {
	prev := 0
	if at > 0 {
		prev = int(d.buf[d.pos-1])
	}
	context := (at&d.lpMask)<<d.lc + prev>>(8-d.lc)
	probs := (*[0x300]uint16)(d.literal[context*0x300:])
	m := uint32(1)
	if d.state >= 7 && d.rep0 < d.pos {
		m = d.likely(probs, uint32(d.buf[d.pos-d.rep0-1]))
	}
	d.buf[d.pos] = byte(d.rest(probs, m))
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

// likely decodes the bits of a byte after a match until they differ from those of
// the byte that would have gone on with it, which tells a lot about them.
func (d *lzma) likely(probs *[0x300]uint16, match uint32) uint32 {
	rng, code, ip := d.rng, d.code, d.ip
	m, same := uint32(1), true
	for same && m < 0x100 {
		match <<= 1
		expected := match >> 8 & 1
		if rng < top {
			rng <<= 8
			code = code<<8 | uint32(d.in[ip])
			ip++
		}
		p := &probs[0x100+expected<<8+m]
		prob := uint32(*p)
		bound := rng >> 11 * prob
		m <<= 1
		if code < bound {
			rng = bound
			*p = uint16(prob + (2048-prob)>>5)
			same = expected == 0
		} else {
			rng -= bound
			code -= bound
			*p = uint16(prob - prob>>5)
			m |= 1
			same = expected == 1
		}
	}
	d.rng, d.code, d.ip = rng, code, ip
	return m
}

// rest decodes the bits of a byte that aren't decoded yet.
func (d *lzma) rest(probs *[0x300]uint16, m uint32) uint32 {
	rng, code, ip := d.rng, d.code, d.ip
	for m < 0x100 {
		if rng < top {
			rng <<= 8
			code = code<<8 | uint32(d.in[ip])
			ip++
		}
		p := &probs[m]
		prob := uint32(*p)
		bound := rng >> 11 * prob
		m <<= 1
		if code < bound {
			rng = bound
			*p = uint16(prob + (2048-prob)>>5)
		} else {
			rng -= bound
			code -= bound
			*p = uint16(prob - prob>>5)
			m |= 1
		}
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
	for length > 0 {
		n := copy(d.buf[to:to+length], d.buf[from:to])
		to += n
		length -= n
	}
}
