// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"

	"github.com/strata-build/strata/internal/compress"
)

// DataWindow is about how many bytes reading the files' archive keeps in memory.
// A header that can't be read counts as the most that a reader would keep.
func (a *Archive) DataWindow() int64 {
	start := make([]byte, 64)
	n, _ := a.data.member.data.ReadAt(start, 0)
	start = start[:n]
	window := int64(compress.MaxLooseWindow)
	switch a.data.format {
	case compress.None, compress.Gzip:
		window = 1 << 16
	case compress.Bzip2:
		window = 4 << 20 // 900,000 numbers of 32 bits
	case compress.Lzma: // one byte of properties, and the size of the dictionary
		if len(start) >= 5 {
			window = int64(binary.LittleEndian.Uint32(start[1:]))
		}
	case compress.Xz:
		if w, ok := xzWindow(start); ok {
			window = w
		}
	case compress.Zstd:
		var h zstd.Header
		if window = compress.MaxZstdWindow; h.Decode(start) == nil {
			window = int64(min(h.WindowSize, compress.MaxZstdWindow))
		}
		return window
	}
	return min(window, compress.MaxLooseWindow)
}

// xzWindow reads the size of the dictionary from the first block's header, as
// section 3.1 of the xz file format has it: a stream header of 12 bytes, the
// size, flags, two numbers that may be there, and the filter LZMA2, 0x21, with
// one byte of properties (section 5.3.1).
func xzWindow(start []byte) (int64, bool) {
	if len(start) < 14 || start[12] == 0 || start[13]&0x03 != 0 {
		return 0, false
	}
	flags, rest := start[13], start[14:]
	for _, there := range []byte{0x40, 0x80} {
		if flags&there == 0 {
			continue
		}
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0, false
		}
		rest = rest[n:]
	}
	if len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 || rest[2] > 39 {
		return 0, false
	}
	bits := int64(rest[2])
	return (2 | bits&1) << (bits/2 + 11), true
}
