// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// An xattr is an extended attribute.
type xattr struct {
	name  string
	value []byte
}

// kept reports whether a layer keeps the extended attribute. What a file system
// or a security module writes for its own use stays behind.
func kept(name string) bool {
	switch {
	case strings.HasPrefix(name, "trusted.overlay."), strings.HasPrefix(name, "user.overlay."):
		return false
	case name == "security.capability", name == "system.posix_acl_access", name == "system.posix_acl_default":
		return true
	}
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "trusted.")
}

// dispensable reports whether the attribute may be lost because the file system
// has none of its sort. Capabilities may not: a program without them fails much later.
func (x xattr) dispensable(err error) bool {
	return errors.Is(err, unix.ENOTSUP) && x.name != "security.capability"
}

// xattrsOf reads the attributes of an open file that a layer keeps, in the file system's order.
func xattrsOf(fd int) ([]xattr, error) {
	return readXattrs(
		func(buf []byte) (int, error) { return unix.Flistxattr(fd, buf) },
		func(name string, buf []byte) (int, error) { return unix.Fgetxattr(fd, name, buf) },
	)
}

// xattrsAt does the same for what can't be opened.
func xattrsAt(d dir, name string) ([]xattr, error) {
	at := procPath(d, name)
	return readXattrs(
		func(buf []byte) (int, error) { return unix.Llistxattr(at, buf) },
		func(attr string, buf []byte) (int, error) { return unix.Lgetxattr(at, attr, buf) },
	)
}

// procPath names a file for the calls that take no directory descriptor.
func procPath(d dir, name string) string {
	return "/proc/self/fd/" + strconv.Itoa(d.fd) + "/" + name
}

func readXattrs(list func([]byte) (int, error), get func(string, []byte) (int, error)) ([]xattr, error) {
	names, err := grow(list)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) || len(names) == 0 && err == nil {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list extended attributes: %w", err)
	}
	var found []xattr
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if !kept(name) {
			continue
		}
		value, err := grow(func(buf []byte) (int, error) { return get(name, buf) })
		if errors.Is(err, unix.ENODATA) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read extended attribute %s: %w", name, err)
		}
		found = append(found, xattr{name: name, value: value})
	}
	return found, nil
}

// grow calls read with no buffer, which costs a file without attributes one
// call, and then with one of the size it asks for.
func grow(read func([]byte) (int, error)) ([]byte, error) {
	for {
		size, err := read(nil)
		if err != nil || size == 0 {
			return nil, err
		}
		buf := make([]byte, size)
		size, err = read(buf)
		if errors.Is(err, unix.ERANGE) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return buf[:size], nil
	}
}
