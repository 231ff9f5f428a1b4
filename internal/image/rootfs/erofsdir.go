// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"iter"
)

// erofsName is an entry of a directory.
type erofsName struct {
	name string
	node *node
}

// erofsNames are a directory's entries with "." and "..", in the order of their
// bytes, by which the kernel searches.
func erofsNames(n *node) iter.Seq[erofsName] {
	up := n.parent
	if up == nil {
		up = n
	}
	own := []erofsName{{".", n}, {"..", up}}
	return func(yield func(erofsName) bool) {
		for _, c := range n.sorted {
			for len(own) > 0 && own[0].name < c.name {
				if !yield(own[0]) {
					return
				}
				own = own[1:]
			}
			if !yield(erofsName{c.name, c}) {
				return
			}
		}
		for _, o := range own {
			if !yield(o) {
				return
			}
		}
	}
}

// erofsDirSize is how many bytes a directory's entries take. No entry lies in two
// blocks.
func erofsDirSize(n *node) int64 {
	full, used := int64(0), 0
	for e := range erofsNames(n) {
		need := erofsDirent + len(e.name)
		if used+need > erofsBlock {
			full, used = full+1, 0
		}
		used += need
	}
	return full*erofsBlock + int64(used)
}

// dir gives a directory's entries as they are written: in each block first what is
// of one size, then the names.
func (e *erofsWriter) dir(n *node) []byte {
	out := make([]byte, 0, erofsDirSize(n))
	var block []erofsName
	used := 0
	for name := range erofsNames(n) {
		need := erofsDirent + len(name.name)
		if used+need > erofsBlock {
			out = e.dirBlock(out, block)
			out = append(out, make([]byte, -len(out)&(erofsBlock-1))...)
			block, used = block[:0], 0
		}
		block = append(block, name)
		used += need
	}
	return e.dirBlock(out, block)
}

func (e *erofsWriter) dirBlock(out []byte, names []erofsName) []byte {
	b := little(out)
	offset := erofsDirent * len(names)
	for _, n := range names {
		b.u64(e.places[n.node.inode.Number].slot)
		b.u16(uint16(offset))
		b.u8(erofsType(n.node.inode.Kind))
		b.u8(0)
		offset += len(n.name)
	}
	for _, n := range names {
		b = append(b, n.name...)
	}
	return b
}

// erofsType is the type that stands in a directory.
func erofsType(k Kind) uint8 {
	switch k {
	case Dir:
		return 2
	case CharDevice:
		return 3
	case BlockDevice:
		return 4
	case Fifo:
		return 5
	case Symlink:
		return 7
	default:
		return 1
	}
}
