// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Content is what a file of an archive holds, or leads to.
type Content struct {
	// Copy writes a file's content.
	Copy func(w io.Writer) error
	// XAttrs are a file's extended attributes by their names.
	XAttrs map[string]string
	// Link is the path of the tree that a hard link is another name for.
	Link string
}

// Put makes what an archive's header describes at a path of the tree. The caller
// has seen to it that the path doesn't lead out of the tree. The error is
// ErrElsewhere when the path is another package's.
func (t *Tree) Put(p string, n *Node, h *tar.Header, c Content) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return t.AddDirectory(p, n)
	case tar.TypeReg:
		return t.file(p, n, h, c)
	case tar.TypeSymlink:
		return t.symlink(p, n, h)
	case tar.TypeLink:
		return t.hardLink(p, n, c.Link)
	case tar.TypeFifo:
		return t.Leaf(p, n, func(in int, at string) error {
			if err := unix.Mkfifoat(in, at, n.Mode); err != nil {
				return fmt.Errorf("make fifo: %w", err)
			}
			return SetAttributes(in, at, n.Mode, n.UID, n.GID, timeOf(h))
		})
	case tar.TypeChar, tar.TypeBlock:
		return errors.New("it is a device node, which an image must not have")
	default:
		return fmt.Errorf("it is of the unknown type %q", h.Typeflag)
	}
}

func timeOf(h *tar.Header) unix.Timespec { return unix.NsecToTimespec(h.ModTime.UnixNano()) }

func (t *Tree) file(p string, n *Node, h *tar.Header, c Content) error {
	var f *os.File
	err := t.Leaf(p, n, func(in int, at string) error {
		fd, err := unix.Openat(in, at, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, n.Mode)
		if err != nil {
			return fmt.Errorf("create file: %w", err)
		}
		f = os.NewFile(uintptr(fd), at)
		return nil
	})
	if err != nil {
		return err
	}
	err = fill(f, n, c)
	if err == nil {
		// By its descriptor: another package's file may have its name by now.
		err = setFileTime(f, timeOf(h))
	}
	return errors.Join(err, f.Close())
}

// fill writes a file's content. Writing clears setuid, and so does a change of
// owner, so the mode comes last where it matters.
func fill(f *os.File, n *Node, c Content) error {
	if err := c.Copy(f); err != nil {
		return err
	}
	if n.UID != 0 || n.GID != 0 {
		if err := f.Chown(n.UID, n.GID); err != nil {
			return fmt.Errorf("set owner %d:%d: %w", n.UID, n.GID, err)
		}
	}
	if n.Mode&^0o777 != 0 || n.UID != 0 || n.GID != 0 {
		if err := unix.Fchmod(int(f.Fd()), n.Mode); err != nil {
			return fmt.Errorf("set mode %04o: %w", n.Mode, err)
		}
	}
	for name, value := range c.XAttrs {
		if err := unix.Fsetxattr(int(f.Fd()), name, []byte(value), 0); err != nil {
			return fmt.Errorf("set extended attribute %s: %w", name, err)
		}
	}
	return nil
}

func (t *Tree) symlink(p string, n *Node, h *tar.Header) error {
	if h.Linkname == "" || strings.ContainsRune(h.Linkname, 0) {
		return fmt.Errorf("it is a link to %q", h.Linkname)
	}
	return t.Leaf(p, n, func(in int, at string) error {
		if err := unix.Symlinkat(h.Linkname, in, at); err != nil {
			return fmt.Errorf("make link: %w", err)
		}
		if n.UID != 0 || n.GID != 0 {
			if err := unix.Fchownat(in, at, n.UID, n.GID, unix.AT_SYMLINK_NOFOLLOW); err != nil {
				return fmt.Errorf("set owner %d:%d: %w", n.UID, n.GID, err)
			}
		}
		return SetTime(in, at, timeOf(h))
	})
}

// hardLink makes another name for a file of the same package, in the same part.
func (t *Tree) hardLink(p string, n *Node, to string) error {
	n.Part = t.partOf(to)
	return t.Leaf(p, n, func(in int, at string) error {
		if !t.Owns(to, n.By) {
			if other := t.nodes[to]; other != nil && other.By != n.By {
				return ErrElsewhere
			}
			return fmt.Errorf("it is a hard link to %s, which isn't a file before it in the package", to)
		}
		if err := unix.Linkat(in, to[1:], in, at, 0); err != nil {
			return fmt.Errorf("make hard link to %s: %w", to, err)
		}
		return nil
	})
}

// partOf is the part that a file is in, 0 for what isn't a file of the tree.
func (t *Tree) partOf(p string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.nodes[p]; n != nil {
		return n.Part
	}
	return 0
}
