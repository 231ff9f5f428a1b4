// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// An entry is a file of a tar archive.
type entry struct {
	tar.Header
	// text is its content; more zeros follow up to the header's size.
	text string
	// raw changes the block of the header as it is written, before its checksum.
	raw func(block []byte)
}

// named is a file with some text.
func named(name string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, text: "text\n"}
}

// linked is a link.
func linked(name, target string) entry {
	return entry{Header: tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink, Mode: 0o777}}
}

// again is another name for a file.
func again(name, target string) entry {
	return entry{Header: tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeLink, Mode: 0o644}}
}

// directory is one.
func directory(name string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}}
}

// zeros gives as many as are asked for.
type zeros struct{}

// Read fills p with zeros.
func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// tarball packs entries.
func tarball(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	for i := range entries {
		e := &entries[i]
		if e.Typeflag == tar.TypeReg && e.Size == 0 {
			e.Size = int64(len(e.text))
		}
		var one bytes.Buffer
		w := tar.NewWriter(&one)
		must(t, w.WriteHeader(&e.Header))
		if e.Typeflag == tar.TypeReg {
			_, err := io.CopyN(w, io.MultiReader(strings.NewReader(e.text), zeros{}), e.Size)
			must(t, err)
		}
		must(t, w.Flush())
		block := one.Bytes()
		if e.raw != nil {
			e.raw(block[:512])
			sum(block[:512])
		}
		b.Write(block)
	}
	b.Write(make([]byte, 1024))
	return b.Bytes()
}

// sum gives a header's block the checksum that it should have.
func sum(block []byte) {
	copy(block[148:156], "        ")
	n := 0
	for _, c := range block {
		n += int(c)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", n))
}

// gzipped compresses data.
func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// zstandard compresses data, with a window of so many bytes.
func zstandard(t *testing.T, data []byte, window int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(window))
	must(t, err)
	_, err = w.Write(data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// by compresses data with a program.
func by(t *testing.T, data []byte, argv ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	must(t, err)
	return out
}
