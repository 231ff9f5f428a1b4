// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package compress

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// pack compresses by a program.
func pack(t *testing.T, data string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return out
}

// dpkgReads is what dpkg-deb reads of a member that its files are in.
func dpkgReads(t *testing.T, name string, data []byte) (text string, ok bool) {
	t.Helper()
	var deb bytes.Buffer
	deb.WriteString("!<arch>\n")
	control := pack(t, "", "tar", "-cz", "-T", "/dev/null")
	for _, m := range []struct {
		name string
		data []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", control}, {name, data}} {
		deb.WriteString(m.name + strings.Repeat(" ", 16-len(m.name)) + "0           0     0     100644  ")
		size := []byte(strings.Repeat(" ", 10))
		copy(size, strconv.Itoa(len(m.data)))
		deb.Write(size)
		deb.WriteString("`\n")
		deb.Write(m.data)
		if len(m.data)%2 == 1 {
			deb.WriteByte('\n')
		}
	}
	file := filepath.Join(t.TempDir(), "x.deb")
	if err := os.WriteFile(file, deb.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--fsys-tarfile", file).Output()
	return string(out), err == nil
}

// TestLooseAsDpkg reads what dpkg-deb reads, whatever is behind the stream, and no part
// of one.
func TestLooseAsDpkg(t *testing.T) {
	const text = "some text that is to be compressed, and once more: some text that is to be compressed\n"
	for _, c := range []struct {
		end, format string
		args        []string
	}{
		{".gz", Gzip, []string{"gzip", "-cn"}},
		{".xz", Xz, []string{"xz", "-c"}},
		{".xz", Xz, []string{"xz", "-c", "--check=none"}},
		{".zst", Zstd, []string{"zstd", "-qc"}},
		{".zst", Zstd, []string{"zstd", "-qc", "--no-check"}},
		{".bz2", Bzip2, []string{"bzip2", "-c"}},
		{".lzma", Lzma, []string{"xz", "-c", "--format=lzma"}},
	} {
		stream := pack(t, text, c.args...)
		for what, behind := range map[string]string{
			"nothing": "", "a zero": "\x00", "a newline": "\n", "three zeros": "\x00\x00\x00", "zeros": strings.Repeat("\x00", 64), "text": "JUNKJUNKJUNKJUNKJUNK",
			"itself": string(stream), "itself and text": string(stream) + "text",
		} {
			if c.format == Bzip2 && strings.HasPrefix(what, "itself") {
				continue // see LooseReader
			}
			data := append(bytes.Clone(stream), behind...)
			want, ok := dpkgReads(t, "data.tar"+c.end, data)
			if !ok || !strings.HasPrefix(want, text) {
				t.Fatalf("%v with %s behind it: dpkg-deb reads %q, %v", c.args, what, want, ok)
			}
			if got, err := readLoose(data, c.format); err != nil || got != want {
				t.Errorf("%v with %s behind it: %q, %v; dpkg-deb reads %q", c.args, what, got, err, want)
			}
		}
		for n := range stream {
			if got, err := readLoose(stream[:n], c.format); err == nil && (n > 0 || c.format != Gzip) {
				t.Errorf("%v cut to %d of %d bytes gives %q and no error", c.args, n, len(stream), got)
			}
		}
	}
}

func readLoose(data []byte, format string) (string, error) {
	r, err := LooseReader(iotest.OneByteReader(bytes.NewReader(data)), format)
	if err != nil {
		return "", err
	}
	defer r.Close()
	out, err := io.ReadAll(r)
	return string(out), err
}

// TestLooseLargeDictionary reads what was made with a dictionary that other readers don't
// take, and no greater one.
func TestLooseLargeDictionary(t *testing.T) {
	for dict, ok := range map[string]bool{"128MiB": true, "256MiB": true, "512MiB": false} {
		for format, args := range map[string][]string{Xz: {"xz", "-c", "--lzma2=preset=0,dict=" + dict}, Lzma: {"xz", "-c", "--format=lzma", "--lzma1=preset=0,dict=" + dict}} {
			data := pack(t, "text", args...)
			if got, err := readLoose(data, format); (err == nil) != ok || ok && got != "text" {
				t.Errorf("%s with a dictionary of %s: %q, %v", format, dict, got, err)
			}
			if _, err := read(data, format); err == nil {
				t.Errorf("%s with a dictionary of %s is read where memory is limited", format, dict)
			}
		}
	}
}
