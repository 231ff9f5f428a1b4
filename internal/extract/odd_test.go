// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestToldTwice unpacks a file with several names that tar was told of twice: the second
// time it is another name for itself.
func TestToldTwice(t *testing.T) {
	dir := sampleTree(t)
	must(t, os.Link(dir+"/top/bin/tool", dir+"/top/bin/twin"))
	run(t, dir, "tar", "--numeric-owner", "-cf", "a.tar", "top", "top/bin/tool")
	for _, o := range []Options{{}, {Strip: 1}, {Include: []string{"top/bin"}}, {Exclude: []string{"top/bin"}}} {
		want, got := t.TempDir(), []string(nil)
		args := []string{"-xpf", dir + "/a.tar", "--numeric-owner"}
		if o.Strip > 0 {
			args = append(args, "--strip-components=1")
		}
		if len(o.Exclude) > 0 {
			args = append(args, "--exclude=top/bin")
		}
		run(t, want, "tar", args...)
		got, err := unpacked(t, dir+"/a.tar", o)
		if len(o.Include) > 0 {
			if err != nil || len(got) != 4 {
				t.Errorf("%+v: %q, %v", o, got, err)
			}
			continue
		}
		if diff := cmp.Diff(list(t, want), got); diff != "" || err != nil {
			t.Errorf("%+v: %v\n%s", o, err, diff)
		}
	}
}

// TestNoArchiveAtAll refuses at once what is no file, what is packed in a way that isn't known,
// and a name that means a deletion.
func TestNoArchiveAtAll(t *testing.T) {
	dir := sampleTree(t)
	must(t, syscall.Mkfifo(dir+"/fifo.tar", 0o644))
	run(t, dir, "zip", "-qry", "a.zip", "top/bin/tool", "top/share")
	packed, err := os.ReadFile(dir + "/a.zip")
	must(t, err)
	at := strings.Index(string(packed), "PK\x01\x02") // of the first file, which the directory at the end says the method of
	binary.LittleEndian.PutUint16(packed[at+10:], 9)
	must(t, os.WriteFile(dir+"/windows.zip", packed, 0o600))
	must(t, os.WriteFile(dir+"/.wh.passwd.gz", gzipped([]byte("x")), 0o600))
	for name, want := range map[string]string{
		"fifo.tar":      "it is a FIFO, a socket or a device",
		"windows.zip":   `"top/bin/tool" in it: it is packed by the method 9 of zip; those that can be unpacked are`,
		".wh.passwd.gz": `what is packed in it is called ".wh.passwd": names that begin with .wh. mean deletions`,
	} {
		if got, err := unpacked(t, dir+"/"+name, Options{Into: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %s", name, got, err, want)
		}
	}
}
