// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tangle makes a tree of lines "PATH TARGET" for links, "PATH/" for
// directories and "PATH" for files, on disk and in memory, and leaves out
// lines a file system wouldn't take.
func tangle(t *testing.T, lines string) (disk dir, memory *node) {
	root, err := os.MkdirTemp(t.TempDir(), "")
	must(t, err)
	for line := range strings.SplitSeq(lines, "\n") {
		name, target, isLink := strings.Cut(line, " ")
		at := filepath.Join(root, path.Clean("/"+name))
		if resolvedElsewhere(root, at) || os.MkdirAll(filepath.Dir(at), 0o755) != nil {
			continue
		}
		switch {
		case isLink:
			_ = os.Symlink(target, at)
		case strings.HasSuffix(name, "/"):
			_ = os.Mkdir(at, 0o755)
		default:
			_ = os.WriteFile(at, nil, 0o644)
		}
	}
	disk, err = openRoot(root)
	must(t, err)
	t.Cleanup(disk.close)
	top, err := disk.again()
	must(t, err)
	defer top.close()
	memory, _, err = loadDirectory(top, make([]byte, 1<<12))
	must(t, err)
	return disk, memory
}

// resolvedElsewhere tells whether a directory of the path is a link, which must not be written through.
func resolvedElsewhere(root, at string) bool {
	for p := filepath.Dir(at); len(p) > len(root); p = filepath.Dir(p) {
		if info, err := os.Lstat(p); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// kernel is what the kernel says a path inside root leads to.
func kernel(t *testing.T, root dir, p string) (string, error) {
	fd, err := unix.Openat2(root.fd, p, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	buf := make([]byte, 2*unix.PathMax)
	base, err := unix.Readlink(fmt.Sprintf("/proc/self/fd/%d", root.fd), buf)
	must(t, err)
	prefix := string(buf[:base])
	n, err := unix.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd), buf)
	must(t, err)
	return rooted(strings.TrimPrefix(string(buf[:n]), prefix)), nil
}

func checkResolve(t *testing.T, lines, p string) {
	if strings.ContainsRune(p, 0) || p == "" || len(p) > 3000 {
		return
	}
	disk, memory := tangle(t, lines)
	got, found, err := resolve(scanner{root: disk}.look, p)
	want, wantErr := kernel(t, disk, p)
	if (err == nil) != (wantErr == nil) || got != want {
		t.Fatalf("resolve %q in\n%s\nis %q, %v; the kernel says %q, %v", p, lines, got, err, want, wantErr)
	}
	soft, softFound, softErr := resolve(memory.look, p)
	if err == nil && (soft != got || softFound != found || softErr != nil) {
		t.Fatalf("resolve %q in memory is %q, %d, %v; on disk %q, %d", p, soft, softFound, softErr, got, found)
	}
	if softErr != nil {
		return
	}
	if soft != path.Clean(soft) || !strings.HasPrefix(soft, "/") {
		t.Fatalf("resolve %q is %q, not a clean path inside the root", p, soft)
	}
	for at := soft; at != "/"; at = parent(at) {
		if n := memory.at(at); n != nil && n.kind == link {
			t.Fatalf("resolve %q is %q, through the link %q", p, soft, at)
		}
	}
}

const tangled = "usr/bin/\nbin usr/bin\nsbin /bin\nup ../../../usr\na b\nb a\nself self\nfile\nlf file\nüñí/\nl /üñí\nd/e/f ../../..\nslash usr/\ndot .\nround dot/dot/dot/up/bin/../lib/../bin"

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		in, want string
		found    kind
		err      error
	}{
		{"/bin/x", "/usr/bin/x", absent, nil},
		{"/sbin", "/usr/bin", directory, nil},
		{"sbin/../..//./bin", "/usr/bin", directory, nil},
		{"/../../up/bin", "/usr/bin", directory, nil},
		{"/a", "", link, errLoop},
		{"/self/x", "", link, errLoop},
		{"/lf", "/file", other, nil},
		{"/lf/", "", other, errNotDir},
		{"/file/..", "", other, errNotDir},
		{"/d/e/f/bin", "/usr/bin", directory, nil},
		{"/slash/bin", "/usr/bin", directory, nil},
		{"/l", "/üñí", directory, nil},
		{"/", "/", directory, nil},
		{"/no/../bin", "/usr/bin", directory, nil},
	} {
		_, memory := tangle(t, tangled)
		got, found, err := resolve(memory.look, c.in)
		if got != c.want || found != c.found || !errors.Is(err, c.err) {
			t.Errorf("resolve %q is %q, %d, %v, want %q, %d, %v", c.in, got, found, err, c.want, c.found, c.err)
		}
		checkResolve(t, tangled, c.in)
	}
}

func FuzzResolve(f *testing.F) {
	for _, p := range []string{"/bin/x", "sbin/..", "/a", "/round", "/l/..", "/lf/x", "/d/e/f/d/e/f/up", "/\x00", "/\xff"} {
		f.Add(tangled, p)
	}
	f.Add("a/b/ \nx a/b/../../..\ny x/x/x/x", "/y/../y")
	f.Fuzz(func(t *testing.T, lines, p string) {
		if len(lines) < 2000 && strings.Count(lines, "\n") < 40 {
			checkResolve(t, lines, p)
		}
	})
}
