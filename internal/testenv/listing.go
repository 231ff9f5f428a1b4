// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/containerd/continuity/sysx"
)

// Listing describes every file below dir, a line each, sorted by path:
//
//	TYPE MODE UID:GID SIZE TIME PATH [-> LINK] [sha256:…] [name=value]
//
// The time is UTC. Directories have no size, since that is the file system's affair.
func Listing(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		line, err := describe(dir, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(&b, line)
		return err
	})
	if err != nil {
		t.Fatalf("list %s: %v", dir, err)
	}
	return b.String()
}

func describe(dir, path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", fmt.Errorf("no owner known of %s", path)
	}
	size := info.Size()
	if info.IsDir() {
		size = 0
	}
	line := fmt.Sprintf("%s %04o %d:%d %d %s /%s", letter(info.Mode()), stat.Mode&0o7777,
		stat.Uid, stat.Gid, size, info.ModTime().UTC().Format("2006-01-02T15:04:05.999999999"),
		strings.TrimPrefix(name, "."))
	content, err := describeContent(path, info.Mode())
	if err != nil {
		return "", err
	}
	attrs, err := describeAttrs(path)
	return line + content + attrs, err
}

func letter(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "-"
	case mode.IsDir():
		return "d"
	case mode&fs.ModeSymlink != 0:
		return "l"
	case mode&fs.ModeCharDevice != 0:
		return "c"
	case mode&fs.ModeDevice != 0:
		return "b"
	case mode&fs.ModeNamedPipe != 0:
		return "p"
	default:
		return "s"
	}
}

func describeContent(path string, mode fs.FileMode) (string, error) {
	switch {
	case mode&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return " -> " + target, err
	case mode.IsRegular():
		data, err := os.ReadFile(path)
		return fmt.Sprintf(" sha256:%x", sha256.Sum256(data)), err
	default:
		return "", nil
	}
}

func describeAttrs(path string) (string, error) {
	names, err := sysx.LListxattr(path)
	if err != nil {
		return "", fmt.Errorf("list attributes of %s: %w", path, err)
	}
	var b strings.Builder
	for _, name := range names {
		// umoci notes here what it could not set.
		if strings.HasPrefix(name, "user.rootlesscontainers") {
			continue
		}
		value, err := sysx.LGetxattr(path, name)
		if err != nil {
			return "", fmt.Errorf("read attribute %s of %s: %w", name, path, err)
		}
		fmt.Fprintf(&b, " %s=%x", name, value)
	}
	return b.String(), nil
}
