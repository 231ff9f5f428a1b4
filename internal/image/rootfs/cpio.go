// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
)

// The numbers of the format that cpio calls newc and the kernel calls
// initramfs; Documentation/driver-api/early-userspace/buffer-format.rst has it.
const (
	cpioMagic   = "070701"
	cpioTrailer = "TRAILER!!!"
	cpioAlign   = 4
	// cpioBlock is what cpio fills an archive up to.
	cpioBlock = 512
	// cpioMax is the largest body, in bytes.
	cpioMax = math.MaxUint32
)

// WriteCpio writes the tree as a cpio archive in the format that the kernel
// takes for an initramfs. The format has no extended attributes.
func (t *Tree) WriteCpio(ctx context.Context, w io.Writer) (Lost, error) {
	c := &cpioWriter{tree: t, w: bufio.NewWriterSize(w, copyBuffer), buf: make([]byte, copyBuffer), left: map[*Inode]int{}}
	for e := range t.All() {
		if err := ctx.Err(); err != nil {
			return c.lost, err
		}
		if err := c.add(e); err != nil {
			return c.lost, fmt.Errorf("write %q to the archive: %w", e.Path, err)
		}
	}
	c.header(cpioHeader{name: cpioTrailer, links: 1})
	c.align(cpioBlock)
	if err := c.w.Flush(); err != nil {
		return c.lost, fmt.Errorf("write archive: %w", err)
	}
	return c.lost, nil
}

// cpioWriter counts what it writes. A bufio.Writer keeps its first error.
type cpioWriter struct {
	tree *Tree
	w    *bufio.Writer
	n    int64
	buf  []byte
	// left is how many names of a file are still to come.
	left map[*Inode]int
	more int // numbers of inodes beyond the tree's own
	lost Lost
}

// cpioHeader is an entry's header.
type cpioHeader struct {
	name                       string
	inode, mode, uid, gid      uint32
	links, seconds             uint32
	size, rdevMajor, rdevMinor uint32
}

func (c *cpioWriter) add(e Entry) error {
	h := cpioHeader{
		name: cpioName(e.Path), inode: uint32(e.Number), mode: e.Kind.unixType() | e.Mode, uid: e.UID, gid: e.GID,
		links: uint32(e.Links), seconds: c.seconds(e), rdevMajor: e.Major, rdevMinor: e.Minor,
	}
	if e.Hardlink == "" {
		c.lost.Xattrs += len(e.Xattrs)
	}
	switch e.Kind {
	case File:
		return c.file(e, h)
	case Symlink:
		if e.Links > 1 {
			c.apart(e, &h)
		}
		h.size = uint32(len(e.Target))
		c.header(h)
		c.write(e.Target)
		c.align(cpioAlign)
	default:
		c.header(h)
	}
	return nil
}

// apart makes a further name of a link a link of its own: who unpacks makes
// each again.
func (c *cpioWriter) apart(e Entry, h *cpioHeader) {
	h.links = 1
	if e.Hardlink != "" {
		c.lost.Links++
		c.more++
		h.inode = uint32(c.tree.inodes + c.more)
	}
}

// file writes a file, its body with the last of its names, as cpio has it.
func (c *cpioWriter) file(e Entry, h cpioHeader) error {
	if e.Size > cpioMax {
		return fmt.Errorf("it has %d bytes, and cpio takes no more than %d: use type=erofs, squashfs or tar", e.Size, int64(cpioMax))
	}
	if e.Links > 1 {
		if e.Hardlink == "" {
			c.left[e.Inode] = e.Links
		}
		if c.left[e.Inode]--; c.left[e.Inode] > 0 {
			c.header(h)
			return nil
		}
	}
	h.size = uint32(e.Size)
	c.header(h)
	c.n += e.Size
	if err := c.tree.copyBody(c.w, e.Inode, c.buf); err != nil {
		return err
	}
	c.align(cpioAlign)
	return nil
}

// cpioName is a path as find prints it, but never the one that ends an archive.
func cpioName(path string) string {
	switch path {
	case "":
		return "."
	case cpioTrailer:
		return "./" + path
	}
	return path
}

// seconds is the time of a file as far as the format goes: from 1970 to 2106.
func (c *cpioWriter) seconds(e Entry) uint32 {
	s := e.ModTime.Unix()
	in := min(max(s, 0), math.MaxUint32)
	if in != s && e.Hardlink == "" {
		c.lost.Times++
	}
	return uint32(in)
}

func (c *cpioWriter) header(h cpioHeader) {
	var b strings.Builder
	b.WriteString(cpioMagic)
	for _, v := range []uint32{
		h.inode, h.mode, h.uid, h.gid, h.links, h.seconds, h.size,
		0, 0, h.rdevMajor, h.rdevMinor, uint32(len(h.name) + 1), 0,
	} {
		fmt.Fprintf(&b, "%08X", v)
	}
	b.WriteString(h.name)
	b.WriteByte(0)
	c.write(b.String())
	c.align(cpioAlign)
}

func (c *cpioWriter) write(s string) {
	n, _ := c.w.WriteString(s) // Flush tells
	c.n += int64(n)
}

func (c *cpioWriter) align(to int64) {
	for c.n%to != 0 {
		c.write("\x00")
	}
}
