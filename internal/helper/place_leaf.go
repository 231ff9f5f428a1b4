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

// An original is a file of the source.
type original struct {
	in   dir
	name string
	unix.Stat_t
}

// path is where it is in the source.
func (o original) path() string { return o.in.join(o.name) }

// leaf copies what isn't a directory, and calls it name.
func (p *placer) leaf(o original, at spot, name string) error {
	to := at.join(name)
	if o.Mode&unix.S_IFMT == unix.S_IFSOCK {
		p.warn(fmt.Sprintf("leave out %s: it is a socket, and a layer can't hold one", show(o.path())))
		return nil
	}
	if o.Mode&unix.S_IFMT == unix.S_IFCHR && o.Rdev == 0 {
		return fmt.Errorf("place %s: a character device 0:0 means a deletion in a layer; remove it", show(o.path()))
	}
	own := p.owners.at(to, at.owner)
	a := attrsOf(o.Stat_t)
	a.uid, a.gid = p.owners.of(o.Stat_t, own)
	err := p.create(o, at, name, a)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EEXIST) && at.made.child(name) != nil:
		return fmt.Errorf("place %s: the tree has a directory at the same place", show(to))
	case errors.Is(err, unix.EEXIST) && p.indirect:
		return nil
	}
	return fmt.Errorf("place %s: %w", show(o.path()), err)
}

func (p *placer) create(o original, at spot, name string, a attrs) error {
	id := inode{dev: o.Dev, ino: o.Ino, output: p.output}
	if o.Nlink > 1 {
		if first, ok := p.first[id]; ok {
			return p.link(first, at, name)
		}
	}
	if err := p.createOne(o, at, name, a); err != nil {
		return err
	}
	if o.Nlink > 1 {
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

func (p *placer) createOne(o original, at spot, name string, a attrs) error {
	switch o.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return p.file(o, at, name, a)
	case unix.S_IFLNK:
		target, err := o.in.readlink(o.name)
		if err != nil {
			return err
		}
		if err := unix.Symlinkat(target, at.fd, name); err != nil {
			return fmt.Errorf("make link: %w", err)
		}
	default:
		if err := unix.Mknodat(at.fd, name, o.Mode&unix.S_IFMT|0o600, int(o.Rdev)); err != nil {
			return fmt.Errorf("make device or fifo: %w", err)
		}
	}
	var err error
	if a.xattrs, err = xattrsAt(o.in, o.name); err != nil {
		return err
	}
	return a.applyAt(at.dir, name, o.Mode&unix.S_IFMT == unix.S_IFLNK)
}

func (p *placer) file(o original, at spot, name string, a attrs) error {
	in, err := unix.Openat(o.in.fd, o.name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
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
	err = copyData(in, out, o.Size, o.Blocks*512 < o.Size, p.buf)
	if err == nil {
		err = a.apply(out)
	}
	return errors.Join(err, unix.Close(out))
}
