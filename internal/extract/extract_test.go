// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a program in a directory.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// list is a directory as one line a file; inodes with several names are shown by the
// first of them.
func list(t *testing.T, root string) []string {
	t.Helper()
	var lines []string
	first := map[uint64]string{}
	must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		name, _ := filepath.Rel(root, p)
		line := fmt.Sprintf("%s %d:%d %s", info.Mode(), st.Uid, st.Gid, name)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			must(t, err)
			line += " -> " + target
		case info.Mode().IsRegular():
			data, err := os.ReadFile(p)
			must(t, err)
			line += fmt.Sprintf(" %.30q", data)
			if st.Nlink > 1 && first[st.Ino] != "" {
				line += " = " + first[st.Ino]
			}
			first[st.Ino] = name
		}
		lines = append(lines, line)
		return nil
	}))
	return lines
}

// sampleTree is a directory with what archives may have.
func sampleTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.MkdirAll(dir+"/top/bin", 0o755))
	must(t, os.MkdirAll(dir+"/top/share/doc", 0o750))
	must(t, os.WriteFile(dir+"/top/bin/tool", []byte("#!/bin/sh\n"), 0o755))
	must(t, os.WriteFile(dir+"/top/share/doc/ü read me", bytes.Repeat([]byte("text "), 20000), 0o640))
	must(t, os.WriteFile(dir+"/top/empty", nil, 0o644))
	must(t, os.Symlink("../bin/tool", dir+"/top/share/link"))
	must(t, os.Chmod(dir+"/top/bin/tool", 0o755|fs.ModeSetuid))
	return dir
}

// unpacked is what File makes of a file.
func unpacked(t *testing.T, file string, o Options) ([]string, error) {
	t.Helper()
	dst := t.TempDir() + "/archive"
	if err := File(file, dst, o); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(dst); err == nil && !info.IsDir() {
		data, err := os.ReadFile(dst)
		return []string{fmt.Sprintf("%s %q", info.Mode(), data)}, err
	}
	return list(t, dst), nil
}

// TestTar unpacks what tar packs, in each compression, as tar does.
func TestTar(t *testing.T) {
	dir := sampleTree(t)
	must(t, os.Link(dir+"/top/bin/tool", dir+"/top/bin/twin"))
	must(t, os.Lchown(dir+"/top/bin/tool", 12, 13))
	must(t, os.Chmod(dir+"/top/bin/tool", 0o755|fs.ModeSetuid))
	must(t, syscall.Mkfifo(dir+"/top/fifo", 0o622))
	must(t, syscall.Mknod(dir+"/top/null", syscall.S_IFCHR|0o666, 1<<8|3))
	for _, format := range []string{"", "--gzip", "--xz", "--zstd", "--bzip2", "--format=ustar", "--format=posix", "--format=gnu"} {
		file := t.TempDir() + "/a"
		pack := []string{"-cf", file, "--numeric-owner"}
		if format != "" {
			pack = append(pack, format)
		}
		run(t, dir, "tar", append(pack, ".")...)
		for _, strip := range []int{0, 1, 2} {
			want := t.TempDir()
			run(t, want, "tar", "-xpf", file, "--numeric-owner", fmt.Sprintf("--strip-components=%d", strip+1))
			got, err := unpacked(t, file, Options{Strip: strip})
			if diff := cmp.Diff(list(t, want), got); diff != "" || err != nil {
				t.Errorf("%q, strip %d: %v\n%s", format, strip, err, diff)
			}
		}
	}
}

// TestZip unpacks what zip packs as unzip does.
func TestZip(t *testing.T) {
	dir := sampleTree(t)
	for _, flags := range []string{"-qry", "-qry0", "-qr", "-qry9"} {
		file, want := t.TempDir()+"/a.zip", t.TempDir()
		run(t, dir, "zip", flags, file, "top")
		run(t, want, "unzip", "-q", "-K", file)
		got, err := unpacked(t, file, Options{})
		if diff := cmp.Diff(list(t, want), got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", flags, err, diff)
		}
	}
}

// TestZipFromElsewhere has what systems without modes pack.
func TestZipFromElsewhere(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{`dir\sub\a.txt`, "dir/", "dir/b"} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, CreatorVersion: 0, Method: zip.Deflate})
		must(t, err)
		if !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(f, name)
			must(t, err)
		}
	}
	must(t, w.Close())
	file := t.TempDir() + "/x"
	must(t, os.WriteFile(file, b.Bytes(), 0o600))
	got, err := unpacked(t, file, Options{})
	want := []string{
		"drwxr-xr-x 0:0 dir", `-rw-r--r-- 0:0 dir/b "dir/b"`,
		"drwxr-xr-x 0:0 dir/sub", `-rw-r--r-- 0:0 dir/sub/a.txt "dir\\sub\\a.txt"`,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// TestAloneInAFile unpacks files that are packed alone, by their names.
func TestAloneInAFile(t *testing.T) {
	for _, c := range []struct{ program, suffix string }{{"gzip", ".gz"}, {"bzip2", ".bz2"}, {"xz", ".xz"}, {"zstd", ".zst"}} {
		for _, content := range []string{"", "short", strings.Repeat("\x00", 2048), strings.Repeat("text ", 400)} {
			dir := t.TempDir()
			must(t, os.WriteFile(dir+"/tool", []byte(content), 0o755))
			run(t, dir, c.program, "-k", "tool")
			for _, o := range []struct {
				opt  Options
				want string
			}{
				{Options{Into: true}, fmt.Sprintf("-rw-r--r-- 0:0 tool %.30q", content)},
				{Options{Into: true, Name: "renamed" + c.suffix}, fmt.Sprintf("-rw-r--r-- 0:0 renamed %.30q", content)},
				{Options{}, fmt.Sprintf("-rw-r--r-- %q", content)},
			} {
				got, err := unpacked(t, dir+"/tool"+c.suffix, o.opt)
				if diff := cmp.Diff([]string{o.want}, got); diff != "" || err != nil {
					t.Errorf("%s, %+v: %v\n%s", c.program, o.opt, err, diff)
				}
			}
		}
	}
}

// TestMembers takes a part of an archive, of either kind.
func TestMembers(t *testing.T) {
	dir := sampleTree(t)
	run(t, dir, "tar", "-cf", "a.tar", "top")
	run(t, dir, "zip", "-qry", "a.zip", "top")
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Include: []string{"top/bin/tool"}, Strip: 2}, "tool"},
		{Options{Include: []string{"*/bin"}}, "top top/bin top/bin/tool"},
		{Options{Include: []string{"**/tool", "/top/empty"}, Strip: 1}, "bin bin/tool empty"},
		{Options{Exclude: []string{"top/share", "**/empty"}}, "top top/bin top/bin/tool"},
		{Options{Include: []string{"top"}, Exclude: []string{"**/doc"}, Strip: 1}, "bin bin/tool empty share share/link"},
		{Options{Include: []string{"none"}}, "nothing in it is left by include, exclude and strip"},
		{Options{Strip: 9}, "nothing in it is left by include, exclude and strip"},
	} {
		for _, file := range []string{"/a.tar", "/a.zip"} {
			got, err := unpacked(t, dir+file, c.o)
			for i, line := range got {
				got[i] = strings.Fields(line)[2]
			}
			text := strings.Join(got, " ")
			if err != nil {
				text = err.Error()
			}
			if text != c.want {
				t.Errorf("%s, %+v: %s, want %s", file, c.o, text, c.want)
			}
		}
	}
}

// packTar is an archive with headers; a file holds its own name.
func packTar(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(h.Name))
		}
		must(t, w.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := io.WriteString(w, h.Name)
			must(t, err)
		}
	}
	must(t, w.Close())
	return b.Bytes()
}

// TestStaysInside has names and links that lead out, and what links inside mean.
func TestStaysInside(t *testing.T) {
	link := func(name, target string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}
	}
	for name, c := range map[string]struct {
		headers []tar.Header
		want    string
	}{
		"up":               {[]tar.Header{{Name: "a/../../x"}}, `"a/../../x" in it: its path leads out of the archive`},
		"absolute":         {[]tar.Header{{Name: "/etc/x"}}, "etc etc/x"},
		"through a link":   {[]tar.Header{link("out", "/"), {Name: "out/x"}}, "out x"},
		"through a parent": {[]tar.Header{link("out", "../../.."), {Name: "out/x"}}, "out x"},
		"dangling":         {[]tar.Header{link("out", "/a/b"), {Name: "out/x"}}, "a a/b a/b/x out"},
		"circle":           {[]tar.Header{link("out", "out"), {Name: "out/x"}}, `"out/x" in it: too many symbolic links, they lead in a circle`},
		"below a file":     {[]tar.Header{{Name: "a"}, {Name: "a/x"}}, `"a/x" in it: not a directory: a`},
		"link replaced":    {[]tar.Header{link("a", "/etc/passwd"), {Name: "a"}}, "a"},
		"hard link out":    {[]tar.Header{{Name: "a", Typeflag: tar.TypeLink, Linkname: "../a"}}, `"a" in it: its path leads out of the archive`},
		"hard link none":   {[]tar.Header{{Name: "a", Typeflag: tar.TypeLink, Linkname: "b"}}, `"a" in it: it is another name for b: no such file or directory`},
		"deletion":         {[]tar.Header{{Name: "a", Typeflag: tar.TypeChar}}, `"a" in it: it is a device 0:0, which means a deletion in an image's layer`},
		"whiteout":         {[]tar.Header{{Name: "a/.wh.b"}}, `"a/.wh.b" in it: names that begin with .wh. mean deletions in an image's layer; leave it out with exclude`},
		"global header":    {[]tar.Header{{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"comment": "x"}}, {Name: "a"}}, "a"},
	} {
		file := t.TempDir() + "/a"
		must(t, os.WriteFile(file, packTar(t, c.headers...), 0o600))
		got, err := unpacked(t, file, Options{})
		for i, line := range got {
			got[i] = strings.Fields(line)[2]
		}
		text := strings.Join(got, " ")
		if err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// TestRefuses has what isn't an archive, or not a whole one.
func TestRefuses(t *testing.T) {
	dir := sampleTree(t)
	run(t, dir, "tar", "-cf", "a.tar", "top")
	run(t, dir, "zip", "-qry", "a.zip", "top")
	run(t, dir, "sh", "-c", "zip -qry -P secret locked.zip top; echo hello > page.tar; gzip -k page.tar; gzip -k a.tar; xz -k a.tar; echo x > tool; zstd -q tool")
	read := func(name string) []byte {
		data, err := os.ReadFile(dir + "/" + name)
		must(t, err)
		return data
	}
	broken := read("a.zip")
	// The checksum that the directory at the end has of the first file with content.
	at := bytes.Index(broken, []byte("PK\x01\x02"))
	for binary.LittleEndian.Uint32(broken[at+24:]) == 0 {
		at += 46 + int(binary.LittleEndian.Uint16(broken[at+28:])) + int(binary.LittleEndian.Uint16(broken[at+30:]))
	}
	broken[at+16] ^= 1
	for name, c := range map[string]struct {
		data []byte
		o    Options
		want string
	}{
		"none.bin":    {nil, Options{}, "nor packed by gzip, bzip2, xz or zstd: it is empty"},
		"a.tgz":       {[]byte("<html>"), Options{}, "it looks like an HTML page"},
		"disk.iso":    {append(make([]byte, 32768), "\x01CD001"...), Options{}, "it begins with zeros, as an empty archive of tar, and has something else behind them"},
		"zeros.tgz":   {gzipped(append(make([]byte, 4096), 'x')), Options{}, "it begins with zeros"},
		"cut.tar":     {read("a.tar")[:5000], Options{}, `in it: it isn't a whole archive: unexpected EOF`},
		"cut.tar.gz":  {read("a.tar.gz")[:len(read("a.tar.gz"))-5], Options{}, "it isn't a whole archive: decompress gzip: unexpected EOF"},
		"cut.tar.xz":  {read("a.tar.xz")[:200], Options{}, "it isn't a whole archive: decompress xz"},
		"cut.zip":     {read("a.zip")[:300], Options{}, "it isn't a whole archive: zip: not a valid zip file"},
		"broken.zip":  {broken, Options{}, "in it: it isn't a whole archive: zip: checksum error"},
		"locked.zip":  {read("locked.zip"), Options{}, "in it: it is encrypted"},
		"page.tar.gz": {read("page.tar.gz"), Options{}, `it is called as an archive of tar, and what is packed in it is none: it looks like text that begins with "hello"`},
		"tool.zst":    {read("tool.zst"), Options{Strip: 1}, "it is a single file, packed by zstd, so there is nothing to strip"},
		"again.zst":   {read("tool.zst"), Options{Include: []string{"x"}}, "so there is nothing to include or exclude"},
		"bad.tar":     {read("a.tar"), Options{Include: []string{"a[b"}}, "read include"},
	} {
		file := t.TempDir() + "/" + name
		must(t, os.WriteFile(file, c.data, 0o600))
		if got, err := unpacked(t, file, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v, want %s", name, got, err, c.want)
		}
	}
	if err := File(dir, t.TempDir()+"/x", Options{}); err == nil || err.Error() != "it is a directory" {
		t.Errorf("a directory: %v", err)
	}
	if err := File(dir+"/none", t.TempDir()+"/x", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what isn't there: %v", err)
	}
}

// FuzzFile wants nothing outside the destination, whatever an archive has.
func FuzzFile(f *testing.F) {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	if out, err := w.Create("../x"); err != nil {
		f.Fatal(err)
	} else if _, err = out.Write([]byte("x")); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(z.Bytes(), uint8(0), true)
	var b bytes.Buffer
	out := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../.."},
		{Name: "l/x", Typeflag: tar.TypeReg},
		{Name: "h", Typeflag: tar.TypeLink, Linkname: "l/x"},
		{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o111},
	} {
		if err := out.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), uint8(1), false)
	f.Fuzz(func(t *testing.T, data []byte, strip uint8, into bool) {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/file", data, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = File(dir+"/file", dir+"/dst", Options{Strip: int(strip % 4), Into: into})
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		names := slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "file" || e.Name() == "dst" })
		after, err := os.ReadFile(dir + "/file")
		if len(names) > 0 || err != nil || !bytes.Equal(after, data) {
			t.Errorf("outside the destination: %v, %v", names, err)
		}
	})
}

// gzipped is data as gzip packs it.
func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
