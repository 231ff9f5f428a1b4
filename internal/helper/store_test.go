// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
)

// sourceTree is a store path with everything that one may have, in modes and with
// owners that an archive doesn't tell.
func sourceTree(t *testing.T) string {
	t.Helper()
	return build(t,
		"f 4711 5:5 /p/bin/run #!/bin/sh",
		"f 0600 0:0 /p/share/a\nb\x01ü new line",
		"f 0604 0:0 /p/share/none",
		"d 0700 0:0 /p/share/empty",
		"h /p/share/twin /p/bin/run",
		"l 0:0 /p/lib/dangling /nix/store/none",
		"l 0:0 /p/lib/self .",
		"f 0644 0:0 /file alone",
		"l 0:0 /link p/lib",
	)
}

func wantTree() []string {
	return []string{
		"d 0755 0:0 /",
		"d 0755 0:0 /nix",
		"d 0755 0:0 /nix/store",
		"f 0444 0:0 /nix/store/file alone",
		"l 0:0 /nix/store/link p/lib",
		"d 0555 0:0 /nix/store/p",
		"d 0555 0:0 /nix/store/p/bin",
		"f 0555 0:0 /nix/store/p/bin/run #!/bin/sh",
		"d 0555 0:0 /nix/store/p/lib",
		"l 0:0 /nix/store/p/lib/dangling /nix/store/none",
		"l 0:0 /nix/store/p/lib/self .",
		"d 0555 0:0 /nix/store/p/share",
		"f 0444 0:0 /nix/store/p/share/a\nb\x01ü new line",
		"d 0555 0:0 /nix/store/p/share/empty",
		"f 0444 0:0 /nix/store/p/share/none",
		"f 0555 0:0 /nix/store/p/share/twin #!/bin/sh",
	}
}

// storeListing lists a store, and holds all its times to those of a store.
func storeListing(t *testing.T, root string) []string {
	t.Helper()
	lines := listing(t, root)
	for i, line := range lines {
		var ok bool
		if lines[i], ok = strings.CutSuffix(line, " @1 accessed@1"); !ok {
			t.Errorf("%q has another time", line)
		}
	}
	return lines
}

// archiveOf is the Nix archive of a tree.
func archiveOf(t *testing.T, p string) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, pack(&b, p))
	return b.Bytes()
}

func compressed(t *testing.T, data []byte, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch format {
	case "none":
		return data
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		var err error
		w, err = zstd.NewWriter(&b)
		must(t, err)
	}
	_, err := w.Write(data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// item writes an archive to a file and describes it as an argument.
func item(t *testing.T, name string, archive []byte, format string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nar")
	must(t, os.WriteFile(file, compressed(t, archive, format), 0o600))
	sum := sha256.Sum256(archive)
	return fmt.Sprintf("%s,%x,%d,%s,%s", name, sum, len(archive), format, file)
}

func treeItem(t *testing.T, name, p string) string {
	t.Helper()
	archive := archiveOf(t, p)
	return fmt.Sprintf("%s,%x,%d,tree,%s", name, sha256.Sum256(archive), len(archive), p)
}

func TestStoreIsTheSameFromArchivesAndTrees(t *testing.T) {
	src := sourceTree(t)
	names := []string{"p", "file", "link"}
	for _, format := range []string{"none", "gzip", "zstd", "tree"} {
		args := []string{"store"}
		for _, name := range names {
			if format == "tree" {
				args = append(args, treeItem(t, name, filepath.Join(src, name)))
			} else {
				args = append(args, item(t, name, archiveOf(t, filepath.Join(src, name)), format))
			}
		}
		dst := t.TempDir()
		if status, errs := callMain(append(args, dst)...); status != 0 {
			t.Fatalf("%s: %s", format, errs)
		}
		if diff := cmp.Diff(wantTree(), storeListing(t, dst)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", format, diff)
		}
		for _, name := range names {
			if !bytes.Equal(archiveOf(t, filepath.Join(dst, "nix/store", name)), archiveOf(t, filepath.Join(src, name))) {
				t.Errorf("%s: the archive of %s has changed", format, name)
			}
		}
	}
}

func TestStoreAnywhereWithModes(t *testing.T) {
	src, dst := sourceTree(t), t.TempDir()
	arg := "abc/content,-,-,modes," + filepath.Join(src, "p")
	other := "abc/other,-,-,modes," + filepath.Join(src, "file")
	if status, errs := callMain("store", "--dir", "/var/lib/s", arg, other, dst); status != 0 {
		t.Fatal(errs)
	}
	want := []string{
		"d 0755 0:0 /var/lib/s/abc",
		"d 0755 0:0 /var/lib/s/abc/content",
		"d 0755 0:0 /var/lib/s/abc/content/bin",
		"f 4711 0:0 /var/lib/s/abc/content/bin/run #!/bin/sh",
		"d 0755 0:0 /var/lib/s/abc/content/lib",
		"l 0:0 /var/lib/s/abc/content/lib/dangling /nix/store/none",
		"l 0:0 /var/lib/s/abc/content/lib/self .",
		"d 0755 0:0 /var/lib/s/abc/content/share",
		"f 0600 0:0 /var/lib/s/abc/content/share/a\nb\x01ü new line",
		"d 0700 0:0 /var/lib/s/abc/content/share/empty",
		"f 0604 0:0 /var/lib/s/abc/content/share/none",
		"f 4711 0:0 /var/lib/s/abc/content/share/twin #!/bin/sh",
		"f 0644 0:0 /var/lib/s/abc/other alone",
	}
	if diff := cmp.Diff(want, storeListing(t, dst)[4:]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Whatever byte of a packed archive is changed: it is refused, or it was
// one that says nothing, and then the store is the same.
func TestStoreRefusesTamperedArchives(t *testing.T) {
	src := build(t, "f 0755 0:0 /p/run text", "l 0:0 /p/link run")
	archive := archiveOf(t, src+"/p")
	refused, dst := 0, t.TempDir()
	for _, format := range []string{"none", "gzip", "zstd"} {
		arg := item(t, "p", archive, format)
		file := arg[strings.LastIndexByte(arg, ',')+1:]
		data, err := os.ReadFile(file)
		must(t, err)
		parsed, err := call.ParseItem(arg)
		must(t, err)
		for i := range len(data) + 2 {
			changed := bytes.Clone(data)
			switch i {
			case len(data):
				changed = changed[:i-1]
			case len(data) + 1:
				changed = append(changed, 0)
			default:
				changed[i] ^= 4
			}
			must(t, os.WriteFile(file, changed, 0o600))
			err := fillStore([]call.Item{parsed}, "/nix/store", dst)
			if err == nil {
				if again := archiveOf(t, dst+"/nix/store/p"); !bytes.Equal(again, archive) {
					t.Fatalf("%s: byte %d changed: accepted as %q", format, i, again)
				}
				if format == "none" {
					t.Errorf("byte %d changed: accepted", i)
				}
				must(t, clearDir(dst))
				continue
			}
			refused++
			if left, _ := os.ReadDir(dst); len(left) > 0 {
				t.Fatalf("%s: byte %d changed: %v, but it left %v", format, i, err, left)
			}
		}
	}
	if refused < len(archive) {
		t.Errorf("only %d changes were refused", refused)
	}
}

func TestStoreSaysWhatIsWrong(t *testing.T) {
	src := build(t, "f 0644 0:0 /p text", "p 0644 0:0 /fifo", "l 0:0 /way .")
	archive := archiveOf(t, src+"/p")
	good := item(t, "p", archive, "none")
	size := fmt.Sprint(len(archive))
	sum := sha256.Sum256(archive)
	longer := bytes.Replace(archive, []byte("\x04\x00\x00\x00\x00\x00\x00\x00text"), []byte("\x04\x00\x00\x00\x00\x00\x00\x00next"), 1)
	bomb := append(bytes.Clone(archive[:len(archive)-40]), make([]byte, 50<<20)...)
	for want, args := range map[string][]string{
		"it has another size than announced: 120 bytes instead of 121":                         {strings.Replace(good, ","+size+",", ",121,", 1)},
		"it has another size than announced: more than 119 bytes":                              {strings.Replace(good, ","+size+",", ",119,", 1)},
		"instead of sha256:" + hex.EncodeToString(sum[:]):                                      {strings.Replace(item(t, "p", longer, "none"), fmt.Sprintf("%x", sha256.Sum256(longer)), hex.EncodeToString(sum[:]), 1)},
		"unpack /nix/store/p: it has another size than announced: more than 120 bytes":         {strings.Replace(item(t, "p", bomb, "zstd"), fmt.Sprint(len(bomb)), size, 1)},
		"unpack /nix/store/p: decompress zstd: ":                                               {strings.Replace(good, ",none,", ",zstd,", 1)},
		`unpack /nix/store/p: unknown compression "br"; known are none`:                        {strings.Replace(good, ",none,", ",br,", 1)},
		"unpack /nix/store/p: open archive: open /none: no such file":                          {good[:strings.LastIndexByte(good, ',')+1] + "/none"},
		"unpack /nix/store/p: create /nix/store/p: file exists":                                {good, good},
		`"a/../b" can't be a name in a store`:                                                  {strings.Replace(good, "p,", "a/../b,", 1)},
		`"/etc/x" can't be a name in a store`:                                                  {strings.Replace(good, "p,", "/etc/x,", 1)},
		"isn't NAME,HASH,SIZE,FORMAT,INPUT":                                                    {"p,q"},
		"has no valid hash or size":                                                            {strings.Replace(good, ","+size+",", ",-,", 1)},
		"want at least 2":                                                                      {},
		"it is neither a file, nor a link, nor a directory, and a store has no others":         {"f,-,-,modes," + src + "/fifo"},
		"open directory " + src + "/way: not a directory":                                      {"f,-,-,modes," + src + "/way/p"},
		"no valid Nix archive: \"" + strings.Repeat("x", 13) + "\" stands where \"nix-archive": {item(t, "p", append([]byte("\x0d\x00\x00\x00\x00\x00\x00\x00"), strings.Repeat("x", 16)...), "none")},
	} {
		dst := t.TempDir()
		status, errs := callMain(slices.Concat([]string{"store"}, args, []string{dst})...)
		if status != ownFault || !strings.Contains(errs, want) {
			t.Errorf("status %d, message %q, want %q", status, errs, want)
		}
		if left := listing(t, dst); len(left) != 1 {
			t.Errorf("%s: it left %q", want, left)
		}
	}
}

// An archive has no way out of the store: neither through a link that it made
// before nor through one that is there.
func TestStoreFollowsNoLink(t *testing.T) {
	outside := build(t, "f 0644 0:0 /secret mine")
	src := build(t, "l 0:0 /d "+outside)
	link := archiveOf(t, src+"/d")
	must(t, os.Remove(src+"/d"))
	must(t, os.Mkdir(src+"/d", 0o755))
	must(t, os.WriteFile(src+"/d/secret", []byte("theirs"), 0o600))
	dst := t.TempDir()
	status, errs := callMain("store", item(t, "x", link, "none"), item(t, "x/secret", archiveOf(t, src+"/d/secret"), "none"), dst)
	if status == 0 {
		t.Error("an item was put through a link")
	}
	if got, err := os.ReadFile(outside + "/secret"); err != nil || string(got) != "mine" {
		t.Errorf("the file outside has %q, %v: %s", got, err, errs)
	}
	must(t, unix.Access(outside, unix.F_OK))
}

func TestStoreTakesManyPaths(t *testing.T) {
	src := build(t, "f 0644 0:0 /p text")
	args := []string{"store"}
	for i := range 500 {
		args = append(args, treeItem(t, fmt.Sprintf("p%03d", i), src+"/p"))
	}
	dst := t.TempDir()
	if status, errs := callMain(append(args, dst)...); status != 0 {
		t.Fatal(errs)
	}
	if got := len(storeListing(t, dst)); got != 503 {
		t.Errorf("%d lines, want 503", got)
	}
}
