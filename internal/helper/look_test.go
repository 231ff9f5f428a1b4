// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/inroot"
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

// resolvedElsewhere reports whether a directory of the path is a link, which must not be written through.
func resolvedElsewhere(root, at string) bool {
	for p := filepath.Dir(at); len(p) > len(root); p = filepath.Dir(p) {
		if info, err := os.Lstat(p); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// checkLook wants a tree in memory to answer as the one on disk, from which it was
// read; what inroot makes of the answers is its own tests' matter.
func checkLook(t *testing.T, lines, p string) {
	if strings.ContainsRune(p, 0) {
		return
	}
	disk, memory := tangle(t, lines)
	want, found, err := inroot.Follow(scanner{root: disk}.look, p)
	if err != nil {
		return // on disk what is missing is an error
	}
	got, softFound, err := inroot.Follow(memory.look, p)
	if err != nil || got != want || softFound != found {
		t.Fatalf("follow %q in\n%s\nis %q, %d, %v in memory; on disk %q, %d", p, lines, got, softFound, err, want, found)
	}
}

const tangled = "usr/bin/\nbin usr/bin\nsbin /bin\nup ../../../usr\na b\nb a\nself self\nfile\nlf file\nüñí/\nl /üñí\nd/e/f ../../..\nslash usr/\ndot .\nround dot/dot/dot/up/bin/../lib/../bin"

func TestLook(t *testing.T) {
	disk, memory := tangle(t, tangled)
	for p, want := range map[string]inroot.Kind{"/usr/bin": inroot.Directory, "/bin": inroot.Link, "/file": inroot.Other} {
		onDisk, diskTarget, err := scanner{root: disk}.look(p, "")
		inMemory, target, softErr := memory.look(p, "")
		if onDisk != want || inMemory != want || target != diskTarget || err != nil || softErr != nil {
			t.Errorf("look at %s: %d and %d, %q and %q, %v, %v, want %d", p, onDisk, inMemory, diskTarget, target, err, softErr, want)
		}
	}
	if found, _, err := (scanner{root: disk}).look("/gone", ""); found != inroot.Absent || err == nil {
		t.Errorf("look at what is missing on disk: %d, %v", found, err)
	}
	if found, _, err := memory.look("/gone", ""); found != inroot.Absent || err != nil {
		t.Errorf("look at what is missing in memory: %d, %v", found, err)
	}
	for _, p := range []string{"/sbin", "sbin/../..//./bin", "/d/e/f/bin", "/slash/bin", "/l", "/lf", "/"} {
		checkLook(t, tangled, p)
	}
}

func FuzzLook(f *testing.F) {
	for _, p := range []string{"/bin/x", "sbin/..", "/a", "/round", "/l/..", "/lf/x", "/d/e/f/d/e/f/up", "/\x00", "/\xff"} {
		f.Add(tangled, p)
	}
	f.Add("a/b/ \nx a/b/../../..\ny x/x/x/x", "/y/../y")
	f.Fuzz(func(t *testing.T, lines, p string) {
		if len(lines) < 2000 && strings.Count(lines, "\n") < 40 {
			checkLook(t, lines, p)
		}
	})
}
