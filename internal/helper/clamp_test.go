// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Where the kernel numbers no mounts, the list of mount points keeps the walk on its own.
func TestClampWithoutMountNumbers(t *testing.T) {
	root := build(t, "f 0644 0:0 /a/b/mine", "f 0644 0:0 /a/mnt/x", "f 0644 0:0 /out/mine")
	must(t, unix.Mount("tmpfs", root+"/a/mnt", "tmpfs", 0, ""))
	t.Cleanup(func() { must(t, unix.Unmount(root+"/a/mnt", unix.MNT_DETACH)) })
	must(t, os.WriteFile(root+"/a/mnt/other", nil, 0o644))
	var skip []string
	for _, p := range mountPoints() {
		if below, ok := strings.CutPrefix(p, root); ok {
			skip = append(skip, below)
		}
	}
	top, err := openRoot(root)
	must(t, err)
	defer top.close()
	st, err := statx(top.fd, ".")
	must(t, err)
	c := clamper{buf: make([]byte, 1<<12)}
	must(t, c.root(top, st, skip))
	for at, clamped := range map[string]bool{"": true, "/a": true, "/a/b/mine": true, "/out/mine": true, "/a/mnt": false, "/a/mnt/other": false} {
		var st unix.Stat_t
		must(t, unix.Lstat(root+at, &st))
		if (st.Mtim.Nano() == 0) != clamped {
			t.Errorf("%s has time %d, clamped is to be %t", at, st.Mtim.Nano(), clamped)
		}
	}
}

// A file that was written since but has an older time keeps it: it is an
// archive's.
func TestOnlyNewTimesAreClamped(t *testing.T) {
	root := t.TempDir()
	must(t, os.WriteFile(root+"/before", nil, 0o644))
	since, err := startTimes()
	must(t, err)
	must(t, os.WriteFile(root+"/new", nil, 0o644))
	must(t, os.WriteFile(root+"/unpacked", nil, 0o644))
	stamp := []unix.Timespec{{Sec: old}, {Sec: old}}
	must(t, unix.UtimesNanoAt(unix.AT_FDCWD, root+"/unpacked", stamp, 0))
	must(t, clampNew(root, since, func(line string) { t.Error(line) }))
	for name, want := range map[string]func(int64) bool{
		"/before":   func(n int64) bool { return n > old*1e9 },
		"/new":      func(n int64) bool { return n == 0 },
		"/unpacked": func(n int64) bool { return n == old*1e9 },
		"":          func(n int64) bool { return n == 0 },
	} {
		var st unix.Stat_t
		must(t, unix.Lstat(root+name, &st))
		if !want(st.Mtim.Nano()) {
			t.Errorf("%q has time %d", name, st.Mtim.Nano())
		}
	}
}

func TestMountPointsAreUnescaped(t *testing.T) {
	text := "22 1 8:1 / / rw - ext4 /dev/vda rw\n23 22 0:5 / /proc rw - proc proc rw\n" +
		`24 22 0:6 / /a\040b\134\011c\012d rw shared:1 - tmpfs tmpfs rw` + "\n" + `25 22 0:7 / /odd\0 rw - tmpfs` + "\n"
	want := []string{"/proc", "/a b\\\tc\nd", `/odd\0`}
	if diff := cmp.Diff(want, parseMountPoints(text)); diff != "" {
		t.Errorf("mount points (-want +got):\n%s", diff)
	}
}

// What was changed before is older than the moment, what is changed after isn't,
// however little time is between them.
func TestStartTimesTellBeforeFromAfter(t *testing.T) {
	directory := t.TempDir()
	for range 20 {
		must(t, os.WriteFile(directory+"/before", nil, 0o644))
		since, err := startTimes()
		must(t, err)
		must(t, os.WriteFile(directory+"/after", nil, 0o644))
		c := clamper{since: since}
		for name, want := range map[string]bool{"/before": false, "/after": true} {
			st, err := statx(unix.AT_FDCWD, directory+name)
			must(t, err)
			if c.changed(st, false) != want {
				t.Fatalf("%s changed: %t, want %t (%d ns after)", name, !want, want, st.Ctime.Sec*1e9+int64(st.Ctime.Nsec)-since.command)
			}
		}
		if since.container > since.command {
			t.Fatalf("the container began %d ns after the command", since.container-since.command)
		}
		must(t, os.Remove(directory+"/before"))
		must(t, os.Remove(directory+"/after"))
	}
}

// A name that means a deletion in a layer is an error where a package's script made it.
func TestScriptsDeleteNothing(t *testing.T) {
	root := t.TempDir()
	must(t, os.Mkdir(root+"/etc", 0o755))
	since, err := startTimes()
	must(t, err)
	must(t, os.WriteFile(root+"/etc/.wh.passwd", nil, 0o644))
	if err := clampNew(root, since, func(string) {}); err == nil || !strings.Contains(err.Error(), "/etc/.wh.passwd") {
		t.Errorf("got %v", err)
	}
	must(t, os.RemoveAll(root+"/etc/.wh.passwd"))
	must(t, os.Mkdir(root+"/etc/.wh..wh..opq", 0o755))
	if err := clampNew(root, since, func(string) {}); err == nil || !strings.Contains(err.Error(), ".wh..wh..opq") {
		t.Errorf("got %v", err)
	}
}
