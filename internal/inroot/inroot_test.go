// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package inroot

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

// tangle makes a tree of lines "PATH TARGET" for links, "PATH/" for directories
// and "PATH" for files, on disk and in memory, and leaves out lines a file system
// wouldn't take.
func tangle(t *testing.T, lines string) (root string, memory map[string]entry) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(lines, "\n") {
		name, target, isLink := strings.Cut(line, " ")
		at := filepath.Join(root, path.Clean("/"+name))
		if throughLink(root, at) || os.MkdirAll(filepath.Dir(at), 0o755) != nil {
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
	memory = map[string]entry{}
	err = filepath.WalkDir(root, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		found, target, err := disk(root)(strings.TrimPrefix(p, root), "")
		memory[strings.TrimPrefix(p, root)] = entry{found, target}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return root, memory
}

type entry struct {
	kind   Kind
	target string
}

// throughLink reports whether a directory of the path is something else, which
// must not be written through.
func throughLink(root, at string) bool {
	for p := filepath.Dir(at); len(p) > len(root); p = filepath.Dir(p) {
		if info, err := os.Lstat(p); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// disk looks in a directory, where what is missing is an error, as it is for the
// kernel.
func disk(root string) Lookup {
	return func(at, _ string) (Kind, string, error) {
		info, err := os.Lstat(root + at)
		switch {
		case err != nil:
			return Absent, "", err
		case info.IsDir():
			return Directory, "", nil
		case info.Mode()&os.ModeSymlink != 0:
			target, err := os.Readlink(root + at)
			return Link, target, err
		}
		return Other, "", nil
	}
}

// in looks in a tree in memory, where anything may be missing.
func in(tree map[string]entry) Lookup {
	return func(at, _ string) (Kind, string, error) { return tree[at].kind, tree[at].target, nil }
}

// kernel is what the kernel says a path inside root leads to.
func kernel(t *testing.T, root, p string) (string, error) {
	top, err := unix.Open(root, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(top) }()
	fd, err := unix.Openat2(top, p, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	at, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		t.Fatal(err)
	}
	return path.Join("/", strings.TrimPrefix(at, root)), nil
}

// checkFollow compares with the kernel, and the tree in memory with that on disk.
func checkFollow(t *testing.T, lines, p string) {
	if strings.ContainsRune(p, 0) || p == "" || len(p) > 3000 {
		return
	}
	root, memory := tangle(t, lines)
	got, found, err := Follow(disk(root), p)
	want, wantErr := kernel(t, root, p)
	if (err == nil) != (wantErr == nil) || got != want {
		t.Fatalf("follow %q in\n%s\nis %q, %v; the kernel says %q, %v", p, lines, got, err, want, wantErr)
	}
	if errors.Is(wantErr, unix.ELOOP) != errors.Is(err, ErrLoop) {
		t.Fatalf("follow %q in\n%s\nis %v; the kernel says %v", p, lines, err, wantErr)
	}
	soft, softFound, softErr := Follow(in(memory), p)
	if err == nil && (soft != got || softFound != found || softErr != nil) {
		t.Fatalf("follow %q in memory is %q, %d, %v; on disk %q, %d", p, soft, softFound, softErr, got, found)
	}
	if softErr != nil {
		return
	}
	if soft != path.Clean(soft) || !path.IsAbs(soft) {
		t.Fatalf("follow %q is %q, not a clean path inside the root", p, soft)
	}
	for at := soft; at != "/"; at = path.Dir(at) {
		if memory[at].kind == Link {
			t.Fatalf("follow %q is %q, through the link %q", p, soft, at)
		}
	}
}

const tangled = "usr/bin/\nbin usr/bin\nsbin /bin\nup ../../../usr\na b\nb a\nself self\nfile\nlf file\nüñí/\nl /üñí\nd/e/f ../../..\nslash usr/\ndot .\nround dot/dot/dot/up/bin/../lib/../bin"

func TestFollow(t *testing.T) {
	for _, c := range []struct {
		in, want string
		found    Kind
		err      error
	}{
		{"/bin/x", "/usr/bin/x", Absent, nil},
		{"/sbin", "/usr/bin", Directory, nil},
		{"sbin/../..//./bin", "/usr/bin", Directory, nil},
		{"/../../up/bin", "/usr/bin", Directory, nil},
		{"/a", "", Link, ErrLoop},
		{"/self/x", "", Link, ErrLoop},
		{"/lf", "/file", Other, nil},
		{"/lf/", "", Other, ErrNotDirectory},
		{"/lf/.", "", Other, ErrNotDirectory},
		{"/file/..", "", Other, ErrNotDirectory},
		{"/d/e/f/bin", "/usr/bin", Directory, nil},
		{"/slash/bin", "/usr/bin", Directory, nil},
		{"/l", "/üñí", Directory, nil},
		{"/", "/", Directory, nil},
		{"", "/", Directory, nil},
		{"/no/../bin", "/usr/bin", Directory, nil},
	} {
		_, memory := tangle(t, tangled)
		got, found, err := Follow(in(memory), c.in)
		if got != c.want || found != c.found || !errors.Is(err, c.err) {
			t.Errorf("follow %q is %q, %d, %v, want %q, %d, %v", c.in, got, found, err, c.want, c.found, c.err)
		}
		checkFollow(t, tangled, c.in)
	}
}

// TestMaxLinks goes through as many links as the kernel does, and one more.
func TestMaxLinks(t *testing.T) {
	lines := "l0 d\nd/"
	for i := range MaxLinks {
		lines += fmt.Sprintf("\nl%d l%d", i+1, i)
	}
	last, beyond := fmt.Sprintf("/l%d", MaxLinks-1), fmt.Sprintf("/l%d", MaxLinks)
	_, memory := tangle(t, lines)
	if at, _, err := Follow(in(memory), last); err != nil || at != "/d" {
		t.Errorf("follow %d links: %q, %v", MaxLinks, at, err)
	}
	if _, _, err := Follow(in(memory), beyond); !errors.Is(err, ErrLoop) {
		t.Errorf("follow %d links: %v", MaxLinks+1, err)
	}
	checkFollow(t, lines, last)
	checkFollow(t, lines, beyond)
}

// TestRest wants a lookup to be given what follows in the path.
func TestRest(t *testing.T) {
	tree := map[string]entry{"/a": {Link, "b/c"}, "/b": {Directory, ""}, "/b/c": {Directory, ""}}
	var asked []string
	look := func(at, rest string) (Kind, string, error) {
		asked = append(asked, at+" "+rest)
		return in(tree)(at, rest)
	}
	if _, _, err := Follow(look, "/a/x/y"); err != nil {
		t.Fatal(err)
	}
	want := "/a x/y, /b c/x/y, /b/c x/y, /b/c/x y, /b/c/x/y "
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

func FuzzFollow(f *testing.F) {
	for _, p := range []string{"/bin/x", "sbin/..", "/a", "/round", "/l/..", "/lf/x", "/d/e/f/d/e/f/up", "/\x00", "/\xff"} {
		f.Add(tangled, p)
	}
	f.Add("a/b/ \nx a/b/../../..\ny x/x/x/x", "/y/../y")
	f.Fuzz(func(t *testing.T, lines, p string) {
		if len(lines) < 2000 && strings.Count(lines, "\n") < 40 {
			checkFollow(t, lines, p)
		}
	})
}
