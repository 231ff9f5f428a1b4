// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func peculiarBase() []string {
	return []string{
		"d 0755 0:0 /usr/bin",
		"l 0:0 /bin usr/bin",
		"l 0:0 /sbin /bin",
		"l 0:0 /up ../../../usr",
		"l 0:0 /self self",
		"l 0:0 /dangling nowhere",
		"l 0:0 /through missing/../usr",
		"f 0644 0:0 /etc/real text",
		"l 0:0 /etc/file real",
		"l 0:0 /etc/beyond file/..",
		"d 1777 0:0 /tmp",
		"d 0700 0:0 /root",
		"d 0755 1000:1000 /home/u",
		"d 0755 0:0 /proc/1/cwd",
		"l 0:0 /proc/1/root /usr",
		"d 2775 0:8 /var/mail",
	}
}

func TestSkeletonKeepsOnlyPeculiarities(t *testing.T) {
	base := build(t, peculiarBase()...)
	must(t, unix.Setxattr(base+"/home", "user.note", []byte("kept"), 0))
	want := []string{
		"d 0755 0:0 /",
		"l 0:0 /bin usr/bin",
		`d 0755 0:0 /home {user.note="kept"}`,
		"d 0755 1000:1000 /home/u",
		"d 0700 0:0 /root",
		"l 0:0 /sbin /bin",
		"d 1777 0:0 /tmp",
		"l 0:0 /up ../../../usr",
		"d 0755 0:0 /var",
		"d 2775 0:8 /var/mail",
	}
	if diff := cmp.Diff(want, listing(t, skeletonOf(t, base))); diff != "" {
		t.Errorf("skeleton (-want +got):\n%s", diff)
	}
}

func TestSkeletonsOfAlikeBasesAreEqual(t *testing.T) {
	one := build(t, peculiarBase()...)
	more := peculiarBase()
	for i := range 500 {
		more = append(more, fmt.Sprintf("f 0600 7:7 /usr/share/doc/p%d/copyright text", i), fmt.Sprintf("l 3:3 /usr/lib/l%d nowhere", i))
	}
	two := build(t, more...)
	if diff := cmp.Diff(listing(t, skeletonOf(t, one)), listing(t, skeletonOf(t, two))); diff != "" {
		t.Errorf("skeletons differ:\n%s", diff)
	}
}

func TestSkeletonStaysOnItsMount(t *testing.T) {
	base := build(t, "d 0755 0:0 /data/below")
	must(t, unix.Mount("tmpfs", base+"/data", "tmpfs", 0, "mode=1777"))
	t.Cleanup(func() { must(t, unix.Unmount(base+"/data", unix.MNT_DETACH)) })
	must(t, os.Mkdir(base+"/data/secret", 0o700))
	if diff := cmp.Diff([]string{"d 0755 0:0 /"}, listing(t, skeletonOf(t, base))); diff != "" {
		t.Errorf("skeleton (-want +got):\n%s", diff)
	}
}

func TestSkeletonRefusesAFullTarget(t *testing.T) {
	dst := build(t, "f 0644 0:0 /there x")
	status, errs := callMain("skeleton", build(t), dst)
	if status != ownFault || errs == "" {
		t.Fatalf("status %d, message %q, want 125 and a message", status, errs)
	}
	if _, err := os.Stat(filepath.Join(dst, "there")); err != nil {
		t.Error(err)
	}
}
