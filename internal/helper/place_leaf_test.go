// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// netBindService is the value of security.capability for cap_net_bind_service=ep.
const netBindService = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// place copies a tree with flags, and fails the test if that fails.
func place(t *testing.T, src string, flags ...string) (dst, errs string) {
	t.Helper()
	dst = t.TempDir()
	status, errs := callMain(append(append([]string{"place"}, flags...), src, dst)...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	return dst, errs
}

func TestPlaceKeepsWhatALayerHolds(t *testing.T) {
	src := build(t,
		"f 0755 0:0 /opt/a/server s", "h /opt/b/link /opt/a/server", "l 0:0 /opt/a/sym gone", "h /opt/symlink /opt/a/sym",
		"p 0640 0:0 /opt/fifo", "c 0666 0:0 /opt/null 1:3", "d 1777 0:0 /opt/sticky",
		"f 0644 0:0 /opt/new\nline 1", "f 0644 0:0 /opt/\xff\xfe 2", "f 0000 0:0 /opt/none 3", "f 0644 0:0 /opt/-rf 4",
	)
	must(t, unix.Setxattr(src+"/opt/a/server", "security.capability", []byte(netBindService), 0))
	must(t, unix.Setxattr(src+"/opt/a/server", "user.note", []byte("n"), 0))
	must(t, unix.Setxattr(src+"/opt/a/server", "security.selinux", []byte("label"), 0))
	must(t, unix.Setxattr(src+"/opt/a", "trusted.overlay.opaque", []byte("y"), 0))
	must(t, unix.Setxattr(src+"/opt/a", "trusted.mine", []byte("y"), 0))
	dst, _ := place(t, src, "--owner", "7:8")
	capability := fmt.Sprintf(" {security.capability=%q}", netBindService)
	want := []string{
		"d 0755 0:0 /",
		"d 0755 0:0 /opt",
		"f 0644 7:8 /opt/-rf 4",
		`d 0755 7:8 /opt/a {trusted.mine="y"}`,
		"f 0755 7:8 /opt/a/server s" + capability + ` {user.note="n"}`,
		"l 7:8 /opt/a/sym gone",
		"d 0755 7:8 /opt/b",
		"h /opt/b/link /opt/a/server",
		"p 0640 7:8 /opt/fifo",
		"f 0644 7:8 /opt/new\nline 1",
		"f 0000 7:8 /opt/none 3",
		"c 0666 7:8 /opt/null 1:3",
		"d 1777 7:8 /opt/sticky",
		"h /opt/symlink /opt/a/sym",
		"f 0644 7:8 /opt/\xff\xfe 2",
	}
	if diff := cmp.Diff(want, listing(t, dst)); diff != "" {
		t.Errorf("layer (-want +got):\n%s", diff)
	}
}

func TestPlaceLeavesOutSockets(t *testing.T) {
	src := build(t, "f 0644 0:0 /run/x 1")
	l, err := net.Listen("unix", src+"/run/s")
	must(t, err)
	defer l.Close()
	dst, errs := place(t, src)
	if want := []string{"d 0755 0:0 /", "d 0755 0:0 /run", "f 0644 0:0 /run/x 1"}; !cmp.Equal(want, listing(t, dst)) {
		t.Errorf("layer is %q, want %q", listing(t, dst), want)
	}
	if want := "strata-step: leave out /run/s: it is a socket, and a layer can't hold one\n"; errs != want {
		t.Errorf("message is %q, want %q", errs, want)
	}
}

func TestPlaceKeepsHoles(t *testing.T) {
	src := build(t)
	const size = 64 << 20
	block := bytes.Repeat([]byte("strata"), 100<<10)
	for name, at := range map[string][]int64{"middle": {8 << 20, 40 << 20}, "end": {size - int64(len(block))}, "all": nil, "dense": {0}} {
		f, err := os.Create(filepath.Join(src, name))
		must(t, err)
		for _, offset := range at {
			_, err := f.WriteAt(block, offset)
			must(t, err)
		}
		if name != "dense" {
			must(t, f.Truncate(size))
		}
		must(t, f.Close())
	}
	dst, _ := place(t, src)
	for _, name := range []string{"middle", "end", "all", "dense"} {
		want, err := os.ReadFile(filepath.Join(src, name))
		must(t, err)
		got, err := os.ReadFile(filepath.Join(dst, name))
		must(t, err)
		if !bytes.Equal(want, got) {
			t.Errorf("content of %s differs", name)
		}
		if was, is := blocks(t, filepath.Join(src, name)), blocks(t, filepath.Join(dst, name)); is > was+64 {
			t.Errorf("%s has %d blocks, had %d", name, is, was)
		}
	}
}

func blocks(t *testing.T, at string) int64 {
	var st unix.Stat_t
	must(t, unix.Stat(at, &st))
	return st.Blocks
}

// A path of 300 names of 200 bytes is fifteen times longer than a call may take.
func TestPlaceGoesDeep(t *testing.T) {
	src, name := t.TempDir(), strings.Repeat("n", 200)
	at, err := openRoot(src)
	must(t, err)
	for range 300 {
		next, err := at.mkdir(name)
		must(t, err)
		at.close()
		at = next
	}
	must(t, unix.Symlinkat("target", at.fd, "link"))
	must(t, unix.Linkat(at.fd, "link", at.fd, "other", 0))
	at.close()
	dst, _ := place(t, src)
	root, err := openRoot(dst)
	must(t, err)
	defer root.close()
	end, err := root.descend(strings.Repeat("/"+name, 300))
	must(t, err)
	defer end.close()
	for _, name := range []string{"link", "other"} {
		st, err := end.stat(name)
		must(t, err)
		if st.Nlink != 2 || st.Mtim.Nano() != 0 {
			t.Errorf("%s has %d links and time %d, want 2 and 0", name, st.Nlink, st.Mtim.Nano())
		}
	}
}

// A directory's default ACL must not reach what is placed in it.
func TestPlaceKeepsDefaultACLs(t *testing.T) {
	// version 2; user::rwx, user:7:rwx, group::r-x, mask::rwx, other::r-x
	acl := "\x02\x00\x00\x00" + "\x01\x00\x07\x00\xff\xff\xff\xff" + "\x02\x00\x07\x00\x07\x00\x00\x00" +
		"\x04\x00\x05\x00\xff\xff\xff\xff" + "\x10\x00\x07\x00\xff\xff\xff\xff" + "\x20\x00\x05\x00\xff\xff\xff\xff"
	src := build(t, "f 0644 0:0 /srv/x/f 1", "d 0755 0:0 /srv/x/d")
	must(t, unix.Setxattr(src+"/srv/x", "system.posix_acl_default", []byte(acl), 0))
	dst, _ := place(t, src)
	want := []string{
		"d 0755 0:0 /", "d 0755 0:0 /srv", fmt.Sprintf("d 0755 0:0 /srv/x {system.posix_acl_default=%q}", acl),
		"d 0755 0:0 /srv/x/d", "f 0644 0:0 /srv/x/f 1",
	}
	if diff := cmp.Diff(want, listing(t, dst)); diff != "" {
		t.Errorf("layer (-want +got):\n%s", diff)
	}
}

func TestPlaceCopiesManyFiles(t *testing.T) {
	src := t.TempDir()
	for i := range 2_000 {
		at := filepath.Join(src, fmt.Sprint(i%100), fmt.Sprint(i))
		if i < 100 {
			must(t, os.Mkdir(filepath.Dir(at), 0o755))
		}
		must(t, os.WriteFile(at, []byte(at), 0o644))
	}
	dst, _ := place(t, src)
	if n := len(listing(t, dst)); n != 2_101 {
		t.Fatalf("%d entries, want 2101", n)
	}
}
