// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"crypto/sha256"
	"maps"
	"strings"
	"time"
)

// Kind is the type of a file.
type Kind uint8

// The types of files.
const (
	File Kind = iota + 1
	Dir
	Symlink
	CharDevice
	BlockDevice
	Fifo

	// What only layers have.
	hardLink
	whiteout
	opaque
)

// unixType gives the bits that a kind has in a Unix mode.
func (k Kind) unixType() uint32 {
	switch k {
	case Dir:
		return 0o040000
	case Symlink:
		return 0o120000
	case CharDevice:
		return 0o020000
	case BlockDevice:
		return 0o060000
	case Fifo:
		return 0o010000
	default:
		return 0o100000
	}
}

// Inode is a file without its names. Do not change it.
type Inode struct {
	// Number counts the inodes of a tree from 1, in the order of their first
	// paths.
	Number int
	// Links is how many names the file has. For a directory it is what file systems
	// say: 2 and one for each directory in it.
	Links int
	Kind  Kind
	// Mode has the permissions, setuid, setgid and sticky: 12 bits.
	Mode     uint32
	UID, GID uint32
	ModTime  time.Time
	// Size is the number of bytes of a file's body; 0 for what is none.
	Size int64
	// Target is where a symbolic link leads.
	Target string
	// Major and Minor are the numbers of a device.
	Major, Minor uint32
	// Xattrs are the extended attributes by their full names.
	Xattrs map[string]string

	// Digest is the SHA-256 of the body of a file, for trees from Digests.
	Digest [sha256.Size]byte

	first *node
	spool *spool
	// offset is where the body begins in the spool, in bytes; holes tells that
	// parts of it were left out there.
	offset int64
	holes  bool
	// placed is the file that already has the body, for trees from Unpack. Its
	// path is relative to the root.
	placed string
}

// describe gives a file what the entry of a further name says.
func (in *Inode) describe(as *Inode) {
	if in.Kind != Symlink {
		in.Mode = as.Mode
	}
	in.UID, in.GID, in.ModTime = as.UID, as.GID, as.ModTime
	if len(as.Xattrs) == 0 {
		return
	}
	xattrs := maps.Clone(in.Xattrs)
	if xattrs == nil {
		xattrs = map[string]string{}
	}
	maps.Copy(xattrs, as.Xattrs)
	in.Xattrs = xattrs
}

// missingDir is a directory that no layer describes.
func missingDir() *Inode {
	return &Inode{Kind: Dir, Mode: 0o755, ModTime: time.Unix(0, 0)}
}

// Entry is a path of a tree.
type Entry struct {
	// Path has no slash at either end; the root's is empty.
	Path string
	*Inode
	// Hardlink is the path that came before with the same Inode, or empty.
	Hardlink string
}

// Name is the last part of the path.
func (e Entry) Name() string {
	return e.Path[strings.LastIndexByte(e.Path, '/')+1:]
}
