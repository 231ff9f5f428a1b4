// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestForeignDirectory refuses directories that another user owns or can write to,
// before anything is put there.
func TestForeignDirectory(t *testing.T) {
	for name, tc := range map[string]struct {
		uid, gid int
		mode     os.FileMode
		want     string
	}{
		"owner": {1000, 0, 0o700, "belongs to user 1000"},
		"open":  {0, 0, 0o777 | os.ModeSticky, "others can write"},
		"group": {0, 1000, 0o770, "others can write"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Chown(root, tc.uid, tc.gid); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(root, tc.mode); err != nil {
				t.Fatal(err)
			}
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(root, link); err != nil {
				t.Fatal(err)
			}
			for _, at := range []string{root, link} {
				if _, err := Connect(t.Context(), Options{Root: at}); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "--root") {
					t.Errorf("%v, want %q", err, tc.want)
				}
			}
			if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

// TestPlantedLinks puts links to a victim in the place of each file that a start of
// the engine writes.
func TestPlantedLinks(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{lockName, LogName, bootName, fingerprintName} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			if err := os.MkdirAll(o.Root, 0o700); err != nil {
				t.Fatal(err)
			}
			planted := filepath.Join(o.Root, name)
			if err := os.Symlink(victim, planted); err != nil {
				t.Fatal(err)
			}
			if _, err := Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), planted+" is a link") {
				t.Errorf("%v", err)
			}
			if data, err := os.ReadFile(victim); err != nil || string(data) != "precious" {
				t.Errorf("the victim is %q, %v", data, err)
			}
			if err := os.Remove(planted); err != nil { // or Stop can't lock
				t.Fatal(err)
			}
		})
	}
}

// TestForeignSocket sends nothing to a socket of another user, or behind a link.
func TestForeignSocket(t *testing.T) {
	listen := func(path string) {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			if _, err := l.Accept(); err == nil {
				t.Error("a client came")
			}
		}()
	}
	owned, linked := t.TempDir(), t.TempDir()
	listen(filepath.Join(owned, socketName))
	if err := unix.Lchown(filepath.Join(owned, socketName), 1000, 1000); err != nil {
		t.Fatal(err)
	}
	listen(filepath.Join(linked, "other.sock"))
	if err := os.Symlink("other.sock", filepath.Join(linked, socketName)); err != nil {
		t.Fatal(err)
	}
	for root, want := range map[string]string{owned: "belongs to user 1000", linked: "is not a socket"} {
		if _, err := dial(t.Context(), root); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestPlantedStreams finds what never ends or begins in the place of a file in the state
// directory. It is refused at once, and not waited for.
func TestPlantedStreams(t *testing.T) {
	for _, name := range []string{lockName, LogName, bootName, fingerprintName} {
		for kind, plant := range map[string]func(path string) error{
			"a FIFO":      func(path string) error { return unix.Mkfifo(path, 0o600) },
			"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		} {
			t.Run(name+" is "+kind, func(t *testing.T) {
				o := options(t)
				if err := os.MkdirAll(o.Root, 0o700); err != nil {
					t.Fatal(err)
				}
				planted := filepath.Join(o.Root, name)
				if err := plant(planted); err != nil {
					t.Fatal(err)
				}
				if _, err := Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), planted) {
					t.Errorf("%v", err)
				}
				if err := os.Remove(planted); err != nil { // or Stop can't lock
					t.Fatal(err)
				}
			})
		}
	}
}
