// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A tree is written and listed as one line a file:
//
//	d 1777 0:0 /tmp
//	f 4755 0:0 /usr/bin/su content
//	l 0:0 /bin usr/bin
//	h /usr/bin/link /usr/bin/su
//	p 0644 0:0 /fifo
//	c 0666 0:0 /null 1:3
//
// A listing adds {name=value} for extended attributes and @seconds for a time that isn't the epoch.

// build makes a tree; directories not listed are 0755 and root's.
func build(t *testing.T, lines ...string) string {
	t.Helper()
	root := t.TempDir()
	must(t, os.Chmod(root, 0o755))
	for _, line := range lines {
		f := strings.SplitN(line, " ", 5)
		switch f[0] {
		case "l":
			at := under(t, root, f[2])
			must(t, os.Symlink(f[3], at))
			chown(t, at, f[1])
			continue
		case "h":
			must(t, os.Link(filepath.Join(root, f[2]), under(t, root, f[1])))
			continue
		}
		at := under(t, root, f[3])
		mode, err := strconv.ParseUint(f[1], 8, 32)
		must(t, err)
		switch f[0] {
		case "d":
			must(t, os.MkdirAll(at, 0o755))
		case "f":
			must(t, os.WriteFile(at, []byte(append(f, "")[4]), 0o600))
		case "p":
			must(t, unix.Mkfifo(at, 0o600))
		case "c":
			var major, minor uint32
			_, err := fmt.Sscanf(f[4], "%d:%d", &major, &minor)
			must(t, err)
			must(t, unix.Mknod(at, unix.S_IFCHR|0o600, int(unix.Mkdev(major, minor))))
		default:
			t.Fatalf("line %q isn't understood", line)
		}
		chown(t, at, f[2])
		must(t, unix.Chmod(at, uint32(mode)))
	}
	return root
}

func under(t *testing.T, root, p string) string {
	t.Helper()
	at := filepath.Join(root, p)
	must(t, os.MkdirAll(filepath.Dir(at), 0o755))
	return at
}

func chown(t *testing.T, at, ids string) {
	t.Helper()
	var uid, gid int
	_, err := fmt.Sscanf(ids, "%d:%d", &uid, &gid)
	must(t, err)
	must(t, os.Lchown(at, uid, gid))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listing lists a tree, its root first.
func listing(t *testing.T, root string) []string {
	t.Helper()
	l := lister{t: t, first: map[uint64]string{}}
	l.add(root, "/")
	return l.lines
}

type lister struct {
	t     *testing.T
	first map[uint64]string
	lines []string
}

func (l *lister) add(at, name string) {
	var st unix.Stat_t
	must(l.t, unix.Lstat(at, &st))
	head := fmt.Sprintf(" %04o %d:%d %s", st.Mode&0o7777, st.Uid, st.Gid, name)
	tail := timesOf(st) + xattrList(l.t, at)
	if first, ok := l.first[st.Ino]; ok {
		l.lines = append(l.lines, "h "+name+" "+first)
		return
	}
	if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		l.first[st.Ino] = name
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		l.lines = append(l.lines, "d"+head+tail)
		entries, err := os.ReadDir(at)
		must(l.t, err)
		for _, entry := range entries {
			l.add(filepath.Join(at, entry.Name()), filepath.Join(name, entry.Name()))
		}
	case unix.S_IFREG:
		content, err := os.ReadFile(at)
		must(l.t, err)
		if len(content) > 0 {
			head += " " + string(content)
		}
		l.lines = append(l.lines, "f"+head+tail)
	case unix.S_IFLNK:
		target, err := os.Readlink(at)
		must(l.t, err)
		l.lines = append(l.lines, fmt.Sprintf("l %d:%d %s %s%s", st.Uid, st.Gid, name, target, tail))
	case unix.S_IFIFO:
		l.lines = append(l.lines, "p"+head+tail)
	case unix.S_IFCHR:
		l.lines = append(l.lines, fmt.Sprintf("c%s %d:%d%s", head, unix.Major(st.Rdev), unix.Minor(st.Rdev), tail))
	default:
		l.lines = append(l.lines, "?"+head+tail)
	}
}

func timesOf(st unix.Stat_t) string {
	out := ""
	if st.Mtim.Nano() != 0 {
		out += fmt.Sprintf(" @%d", st.Mtim.Sec)
	}
	if st.Atim.Nano() != 0 {
		out += fmt.Sprintf(" accessed@%d", st.Atim.Sec)
	}
	return out
}

func xattrList(t *testing.T, at string) string {
	t.Helper()
	buf := make([]byte, 4096)
	n, err := unix.Llistxattr(at, buf)
	must(t, err)
	out := ""
	for name := range strings.SplitSeq(strings.Trim(string(buf[:n]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, 4096)
		n, err := unix.Lgetxattr(at, name, value)
		must(t, err)
		out += fmt.Sprintf(" {%s=%q}", name, value[:n])
	}
	return out
}

// call runs the helper in this process, and returns its status and what it wrote to standard error.
func callMain(args ...string) (int, string) {
	var out, errs strings.Builder
	status := Main(args, &out, &errs)
	return status, errs.String()
}

// skeletonOf is the skeleton of a base.
func skeletonOf(t *testing.T, base string) string {
	t.Helper()
	dst := t.TempDir()
	if status, errs := callMain("skeleton", base, dst); status != 0 {
		t.Fatalf("skeleton: status %d: %s", status, errs)
	}
	return dst
}
