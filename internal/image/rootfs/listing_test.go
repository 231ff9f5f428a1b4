// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/continuity/sysx"
	"golang.org/x/sys/unix"
)

// seen is what a file shows to who looks at it, a line a path.
type seen struct {
	// noXattrs and noTimes leave something out, for what cannot carry it.
	noXattrs bool
	// clock are the paths whose times mean nothing.
	clock []string
	// seconds leaves out parts of seconds.
	seconds bool
	// onlyFileTimes, noSetuid, noLinks and clamped are what some unpackers do
	// not do: set the times of directories and links, set setuid, setgid and sticky,
	// join the names of a file; and times before 1970 may be 1970.
	onlyFileTimes, noSetuid, noLinks, clamped bool
	// noRoot leaves out the directory itself, noSymlinkLinks which symbolic links are
	// one.
	noRoot, noSymlinkLinks bool
	// onlyCapabilities leaves out all extended attributes but file capabilities.
	onlyCapabilities bool
}

// list describes every file below dir, with the first name of those that have
// several.
func (s seen) list(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	first := map[uint64]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == "." && s.noRoot {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%q %s\n", name, s.describe(t, path, name, info, first))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (s seen) describe(t testing.TB, path, name string, info fs.FileInfo, first map[uint64]string) string {
	t.Helper()
	stat := info.Sys().(*syscall.Stat_t)
	var b strings.Builder
	mode := stat.Mode
	if s.noSetuid {
		mode &^= 0o7000
	}
	fmt.Fprintf(&b, "%06o %d:%d", mode, stat.Uid, stat.Gid)
	when := info.ModTime().UTC()
	if s.clamped && when.Unix() < 0 {
		when = time.Unix(0, 0).UTC()
	}
	if s.seconds {
		when = when.Truncate(1e9)
	}
	if !slices.Contains(s.clock, name) && !(s.onlyFileTimes && !info.Mode().IsRegular()) {
		fmt.Fprintf(&b, " %s", when.Format("2006-01-02T15:04:05.999999999"))
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, " %d %x", len(data), sha256.Sum256(data))
	case unix.S_IFLNK:
		target, err := os.Readlink(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, " -> %q", target)
	case unix.S_IFCHR, unix.S_IFBLK:
		device := uint64(stat.Rdev) //nolint:unconvert // macOS has it as an int32
		fmt.Fprintf(&b, " %d,%d", unix.Major(device), unix.Minor(device))
	}
	apart := s.noLinks || s.noSymlinkLinks && info.Mode()&fs.ModeSymlink != 0
	if stat.Nlink > 1 && !info.IsDir() && !apart {
		if _, ok := first[stat.Ino]; !ok {
			first[stat.Ino] = name
		}
		fmt.Fprintf(&b, " = %q (%d)", first[stat.Ino], stat.Nlink)
	}
	if !s.noXattrs {
		b.WriteString(attributes(t, path, s.onlyCapabilities))
	}
	return b.String()
}

func attributes(t testing.TB, path string, onlyCapabilities bool) string {
	t.Helper()
	names, err := sysx.LListxattr(path)
	if err != nil && !errors.Is(err, unix.ENOTSUP) {
		t.Fatal(err)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		if onlyCapabilities && name != "security.capability" {
			continue
		}
		value, err := sysx.LGetxattr(path, name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, " %s=%x", name, value)
	}
	return b.String()
}
