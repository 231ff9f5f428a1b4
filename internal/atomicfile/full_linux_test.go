// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/atomicfile"
)

// TestFull fills a small disk behind a stage's back.
func TestFull(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	var s atomicfile.Stage
	f, err := s.File(filepath.Join(disk, "new", "file"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if dir, full := s.Full(); full {
		t.Errorf("%s is full before anything was written", dir)
	}
	if _, err := w.Write(make([]byte, 2<<20)); err == nil {
		t.Error("2 MiB fit into one")
	} else if got, want := atomicfile.DirectoryOf(err.(*os.PathError).Path), filepath.Join(disk, "new"); got != want { //nolint:errorlint // os.File promises it
		t.Errorf("the error is about %s, want %s", got, want)
	}
	if dir, full := s.Full(); !full || dir != filepath.Join(disk, "new") {
		t.Errorf("full is %q, %v", dir, full)
	}
	if err := s.Discard(); err != nil {
		t.Fatal(err)
	}
	if dir, full := s.Full(); full {
		t.Errorf("%s is full of nothing", dir)
	}
}

func TestDirOf(t *testing.T) {
	for path, want := range map[string]string{
		"/a/b":                                "/a",
		"/a/.b.strata-0123456789":             "/a",
		"/a/.b.strata-0123456789/blobs/x":     "/a",
		"/a/strata-rootfs-1":                  "/a",
		"/a/.c/.output.strata-0123456789/d/e": "/a/.c",
	} {
		if got := atomicfile.DirectoryOf(path); got != want {
			t.Errorf("the directory of %s is %s, want %s", path, got, want)
		}
	}
}
