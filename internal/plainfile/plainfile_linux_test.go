// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plainfile

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRead reads what is not a plain file, directly and through links, and files
// at the limit.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := unix.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for link, to := range map[string]string{"zero": "/dev/zero", "to-fifo": "fifo", "to-file": "file"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(at("file"), []byte("1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"fifo": "is a FIFO, not a plain file", "to-fifo": "is a FIFO", "zero": "is a device", ".": "is a directory", "socket": "socket", "none": "no such file",
	} {
		if _, err := Read(at(name), 10); err == nil || !strings.Contains(err.Error(), want) && name != "socket" {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	for limit, want := range map[int64]bool{3: false, 4: true, 5: true} {
		if data, err := Read(at("to-file"), limit); (err == nil && string(data) == "1234") != want {
			t.Errorf("limit %d: %q, %v", limit, data, err)
		}
	}
}

// TestCheckBelow refuses what would be waited for, and nothing else: directories behind
// links are looked into, and links that lead nowhere can't be opened.
func TestCheckBelow(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, made := range []error{
		os.MkdirAll(at("shared/sha256/dir"), 0o755), os.WriteFile(at("shared/sha256/file"), nil, 0o600),
		os.Symlink("file", at("shared/sha256/link")), os.Symlink("nowhere", at("shared/sha256/dangling")), os.Symlink("..", at("shared/sha256/circle")),
		os.Symlink("shared", at("blobs")),
		os.MkdirAll(at("waits/sha256"), 0o755), unix.Mkfifo(at("waits/sha256/fifo"), 0o600), os.Mkdir(at("algorithm"), 0o755),
		os.Symlink("../waits/sha256", at("algorithm/sha256")), unix.Mkfifo(at("fifo"), 0o600),
	} {
		if made != nil {
			t.Fatal(made)
		}
	}
	for name, want := range map[string]string{
		"shared": "", "blobs": "", "missing": "", "waits": "waits/sha256/fifo is a FIFO", "algorithm": "algorithm/sha256/fifo is a FIFO", "fifo": "fifo is a FIFO",
	} {
		err := CheckBelow(at(name))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
