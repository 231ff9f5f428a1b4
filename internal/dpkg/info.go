// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dpkg

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// infoDir is where dpkg keeps what it keeps of each package.
const infoDir = "/var/lib/dpkg/info"

// writeInfo writes the package's files of dpkg's database. Their times are the
// package's own, as dpkg's are, but for the list, and the sums of a package that
// has none, which dpkg writes itself.
func (u *unpacker) writeInfo() error {
	if err := u.infoFile("list", []byte(u.list.String()), 0o644, unix.Timespec{}); err != nil {
		return err
	}
	if u.sums.Len() > 0 {
		if err := u.infoFile("md5sums", []byte(u.sums.String()), 0o644, unix.Timespec{}); err != nil {
			return err
		}
	}
	for _, f := range u.control.Files {
		if err := u.infoFile(f.Name, f.Data, f.Mode, unix.NsecToTimespec(f.ModTime.UnixNano())); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) infoFile(name string, data []byte, mode uint32, mtime unix.Timespec) error {
	n := &node{by: u.by, pkg: u.name(), mode: mode}
	err := u.tree.leaf(infoDir+"/"+u.p.Info+"."+name, n, func(at string) error {
		fd, err := unix.Openat(u.tree.fd, at, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		if err != nil {
			return fmt.Errorf("create: %w", err)
		}
		defer func() { _ = unix.Close(fd) }()
		for len(data) > 0 {
			n, err := unix.Write(fd, data)
			if err != nil {
				return fmt.Errorf("write: %w", err)
			}
			data = data[n:]
		}
		return setTime(u.tree.fd, at, mtime)
	})
	if err != nil && !errors.Is(err, errElsewhere) {
		return fmt.Errorf("write %s of dpkg's database: %w", name, err)
	}
	return nil
}
