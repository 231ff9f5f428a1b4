// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"path"

	"golang.org/x/sys/unix"
)

// leaf copies what isn't a directory.
func (p *placer) leaf(src dir, name string, st unix.Stat_t, at spot) error {
	to := at.join(name)
	if st.Mode&unix.S_IFMT == unix.S_IFSOCK {
		p.warn(fmt.Sprintf("leave out %s: it is a socket, and a layer can't hold one", show(src.join(name))))
		return nil
	}
	if st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0 {
		return fmt.Errorf("place %s: a character device 0:0 means a deletion in a layer; remove it", show(src.join(name)))
	}
	own := p.owners.at(to, at.owner)
	a := attrsOf(st)
	a.uid, a.gid = p.owners.of(st, own)
	err := p.create(src, name, st, at, a)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EEXIST) && at.made.child(name) != nil:
		return fmt.Errorf("place %s: the tree has a directory at the same place", show(to))
	case errors.Is(err, unix.EEXIST) && p.indirect:
		return nil
	}
	return fmt.Errorf("place %s: %w", show(src.join(name)), err)
}

func (p *placer) create(src dir, name string, st unix.Stat_t, at spot, a attrs) error {
	id := inode{dev: st.Dev, ino: st.Ino}
	if st.Nlink > 1 {
		if first, ok := p.first[id]; ok {
			return p.link(first, at, name)
		}
	}
	if err := p.createOne(src, name, st, at, a); err != nil {
		return err
	}
	if st.Nlink > 1 {
		p.first[id] = at.join(name)
	}
	return at.stamp(name)
}

// link makes name another link to what was placed first.
func (p *placer) link(first string, at spot, name string) error {
	above, err := p.dst.descend(path.Dir(first))
	if err != nil {
		return err
	}
	defer above.close()
	if err := unix.Linkat(above.fd, path.Base(first), at.fd, name, 0); err != nil {
		return fmt.Errorf("make hard link to %s: %w", show(first), err)
	}
	return nil
}

func (p *placer) createOne(src dir, name string, st unix.Stat_t, at spot, a attrs) error {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return p.file(src, name, st, at, a)
	case unix.S_IFLNK:
		target, err := src.readlink(name)
		if err != nil {
			return err
		}
		if err := unix.Symlinkat(target, at.fd, name); err != nil {
			return fmt.Errorf("make link: %w", err)
		}
	default:
		if err := unix.Mknodat(at.fd, name, st.Mode&unix.S_IFMT|0o600, int(st.Rdev)); err != nil {
			return fmt.Errorf("make device or fifo: %w", err)
		}
	}
	var err error
	if a.xattrs, err = xattrsAt(src, name); err != nil {
		return err
	}
	return a.applyAt(at.dir, name, st.Mode&unix.S_IFMT == unix.S_IFLNK)
}

func (p *placer) file(src dir, name string, st unix.Stat_t, at spot, a attrs) error {
	in, err := unix.Openat(src.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	defer func() { _ = unix.Close(in) }()
	if a.xattrs, err = xattrsOf(in); err != nil {
		return err
	}
	out, err := unix.Openat(at.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	err = copyData(in, out, st.Size, st.Blocks*512 < st.Size, p.buf)
	if err == nil {
		err = a.apply(out)
	}
	return errors.Join(err, unix.Close(out))
}
