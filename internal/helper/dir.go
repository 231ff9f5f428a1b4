// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A dir is an open directory and its path in the image. Everything below it
// is reached from its descriptor by one name at a time, so no path is too
// long and no link is ever followed.
type dir struct {
	fd   int
	path string
}

const openDirFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// openRoot opens the directory of a mount, which is "/" in the image.
func openRoot(mount string) (dir, error) {
	fd, err := unix.Open(mount, openDirFlags&^unix.O_NOFOLLOW, 0)
	if err != nil {
		return dir{}, fmt.Errorf("open mount %s: %w", show(mount), err)
	}
	return dir{fd: fd, path: "/"}, nil
}

func (d dir) open(name string) (dir, error) {
	fd, err := unix.Openat(d.fd, name, openDirFlags, 0)
	if err != nil {
		return dir{}, fmt.Errorf("open directory %s: %w", show(d.join(name)), err)
	}
	return dir{fd: fd, path: d.join(name)}, nil
}

// descend opens the directory at an image path below d, a component at a time.
func (d dir) descend(to string) (dir, error) {
	at, err := d.again()
	if err != nil {
		return dir{}, err
	}
	for _, name := range components(to) {
		next, err := at.open(name)
		at.close()
		if err != nil {
			return dir{}, err
		}
		at = next
	}
	return at, nil
}

// again opens the same directory once more.
func (d dir) again() (dir, error) {
	fd, err := unix.Openat(d.fd, ".", openDirFlags, 0)
	if err != nil {
		return dir{}, fmt.Errorf("open directory %s: %w", show(d.path), err)
	}
	return dir{fd: fd, path: d.path}, nil
}

func (d dir) close() { _ = unix.Close(d.fd) }

func (d dir) join(name string) string {
	if d.path == "/" {
		return "/" + name
	}
	return d.path + "/" + name
}

// names reads the names in d, in byte order.
func (d dir) names(buf []byte) ([]string, error) {
	var names []string
	for {
		n, err := unix.Getdents(d.fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read directory %s: %w", show(d.path), err)
		}
		if n <= 0 {
			slices.Sort(names)
			return names, nil
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}

func (d dir) stat(name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return st, fmt.Errorf("stat %s: %w", show(d.join(name)), err)
	}
	return st, nil
}

func (d dir) readlink(name string) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(d.fd, name, buf)
	if err != nil {
		return "", fmt.Errorf("read link %s: %w", show(d.join(name)), err)
	}
	return string(buf[:n]), nil
}

// mkdir makes a directory only its owner can enter; finish gives it its attributes.
func (d dir) mkdir(name string) (dir, error) {
	if err := unix.Mkdirat(d.fd, name, 0o700); err != nil {
		return dir{}, fmt.Errorf("make directory %s: %w", show(d.join(name)), err)
	}
	return d.open(name)
}

// stamp sets the times of name to the epoch, of a link itself and not of its target.
func (d dir) stamp(name string) error {
	err := unix.UtimesNanoAt(d.fd, name, make([]unix.Timespec, 2), unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return fmt.Errorf("set times of %s: %w", show(d.join(name)), err)
	}
	return nil
}

// components splits an image path, without the empty ones.
func components(p string) []string {
	return slices.DeleteFunc(strings.Split(p, "/"), func(name string) bool { return name == "" })
}

// rooted is the image path a user wrote, cleaned and never above the root.
func rooted(p string) string { return path.Clean("/" + p) }

// show is a path as a message has it: quoted if a terminal couldn't show it.
func show(p string) string {
	if quoted := strconv.Quote(p); len(quoted) != len(p)+2 {
		return quoted
	}
	return p
}
