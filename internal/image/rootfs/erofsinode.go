// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// little appends numbers, least byte first.
type little []byte

func (b *little) u8(v uint8)   { *b = append(*b, v) }
func (b *little) u16(v uint16) { *b = binary.LittleEndian.AppendUint16(*b, v) }
func (b *little) u32(v uint32) { *b = binary.LittleEndian.AppendUint32(*b, v) }
func (b *little) u64(v uint64) { *b = binary.LittleEndian.AppendUint64(*b, v) }

// inode writes an inode, its attributes, and what of its body lies behind it.
func (e *erofsWriter) inode(in *Inode) error {
	p := e.places[in.Number]
	xattrs, err := e.xattrs(in)
	if err != nil {
		return err
	}
	e.pad(int64(p.slot) * erofsSlot)
	size := erofsSize(in)
	e.write(e.inodeHead(in, p, size, len(xattrs)))
	e.write(xattrs)
	if !p.inline {
		return nil
	}
	rest := size % erofsBlock
	switch in.Kind {
	case Dir:
		e.write(e.dir(in.first)[size-rest:])
	case Symlink:
		e.write([]byte(in.Target)[size-rest:])
	default:
		b := e.buf[:rest]
		if _, err := e.tree.Body(in).ReadAt(b, size-rest); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		e.write(b)
	}
	return nil
}

// inodeHead is the inode in its long form, which alone has a time of its own.
func (e *erofsWriter) inodeHead(in *Inode, p erofsPlace, size int64, xattrs int) []byte {
	layout := uint16(erofsPlain)
	if p.inline {
		layout = erofsInline
	}
	where := uint32(0)
	switch {
	case in.Kind == CharDevice || in.Kind == BlockDevice:
		// As the kernel packs 12 bits of major and 20 of minor.
		where = in.Minor&0xff | in.Major<<8 | (in.Minor&^0xff)<<12
	case size >= erofsBlock || size > 0 && !p.inline:
		where = uint32(e.base) + p.block
	}
	b := make(little, 0, erofsInodeSz)
	b.u16(1 | layout<<1)
	b.u16(xattrCount(xattrs))
	b.u16(uint16(in.Kind.unixType() | in.Mode))
	b.u16(0)
	b.u64(uint64(size))
	b.u32(where)
	b.u32(uint32(in.Number))
	b.u32(in.UID)
	b.u32(in.GID)
	b.u64(uint64(in.ModTime.Unix()))
	b.u32(uint32(in.ModTime.Nanosecond()))
	b.u32(uint32(in.Links))
	return append(b, make([]byte, erofsInodeSz-len(b))...)
}

const (
	// erofsXattrHead is what comes before the attributes of an inode, in bytes.
	erofsXattrHead = 12
	erofsXattrMax  = erofsXattrHead + 4*(1<<16-2)
)

// xattrCount is how an inode says how long its attributes are.
func xattrCount(size int) uint16 {
	if size == 0 {
		return 0
	}
	return uint16((size-erofsXattrHead)/4 + 1)
}

// erofsPrefixes are the beginnings of names that the format has numbers for.
func erofsPrefixes() []struct {
	prefix string
	number uint8
} {
	return []struct {
		prefix string
		number uint8
	}{
		{"user.", 1},
		{"system.posix_acl_access", 2},
		{"system.posix_acl_default", 3},
		{"trusted.", 4},
		{"security.", 6},
	}
}

// xattrs are an inode's attributes as they are written. The first call for an
// inode, when it is planned, counts what the format has no name for.
func (e *erofsWriter) xattrs(in *Inode) ([]byte, error) {
	if len(in.Xattrs) == 0 {
		return nil, nil
	}
	b := make(little, erofsXattrHead)
	for _, name := range slices.Sorted(maps.Keys(in.Xattrs)) {
		value := in.Xattrs[name]
		number, rest := erofsXattrName(name)
		if number == 0 || len(rest) > 255 || len(value) > 1<<16-1 {
			if e.w == nil {
				e.lost.Xattrs++
			}
			continue
		}
		b.u8(uint8(len(rest)))
		b.u8(number)
		b.u16(uint16(len(value)))
		b = append(append(b, rest...), value...)
		b = append(b, make([]byte, -len(b)&3)...)
	}
	switch {
	case len(b) == erofsXattrHead:
		return nil, nil
	case len(b) > erofsXattrMax:
		return nil, fmt.Errorf("its extended attributes have %d bytes, more than the %d that the format allows", len(b), erofsXattrMax)
	}
	return b, nil
}

func erofsXattrName(name string) (number uint8, rest string) {
	for _, p := range erofsPrefixes() {
		rest, ok := strings.CutPrefix(name, p.prefix)
		if ok && (rest == "") != strings.HasSuffix(p.prefix, ".") {
			return p.number, rest
		}
	}
	return 0, ""
}
