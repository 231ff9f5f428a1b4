// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/compress"
)

// sparse is a tar archive of a file that has n bytes, in octal, and is all holes.
func sparse(t *testing.T, n string) []byte {
	t.Helper()
	block := packTar(t, tar.Header{Name: "zeros", Format: tar.FormatGNU})[:512]
	block[156] = tar.TypeGNUSparse
	copy(block[124:136], "00000000000")
	copy(block[483:], n+"\x00") // its whole size
	copy(block[148:156], "        ")
	sum := 0
	for _, c := range block {
		sum += int(c)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00", sum))
	return append(block, make([]byte, 1024)...)
}

// TestBombs unpacks what becomes much more than it is.
func TestBombs(t *testing.T) {
	for n, want := range map[string]error{"00004000000": nil, "77777777777": errTooMuch} { // 1 MiB, and 8 GiB
		file := t.TempDir() + "/a.tar"
		must(t, os.WriteFile(file, sparse(t, n), 0o600))
		if _, err := unpacked(t, file, Options{}); !errors.Is(err, want) {
			t.Errorf("a sparse file of %s bytes in octal: %v, want %v", n, err, want)
		}
	}
	small := &room{left: 3}
	if _, err := small.take(4, strings.NewReader("")); !errors.Is(err, errTooMuch) {
		t.Errorf("a file that says that it is too large: %v", err)
	}
	if err := write(t.TempDir()+"/x", &bounded{room: small, from: strings.NewReader("four")}); !errors.Is(err, errTooMuch) || errors.Is(err, errWhole) {
		t.Errorf("one that doesn't say it: %v", err)
	}
}

// TestBombsBesideFiles has an archive that becomes much more than it is where no file is: the
// zeros that it ends with go on, or there are headers that nothing comes of.
func TestBombsBesideFiles(t *testing.T) {
	one := packTar(t, tar.Header{Name: "a"})
	global := packTar(t, tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"comment": "x"}})
	for name, archive := range map[string][]byte{
		"zeros":   append(bytes.Clone(one), make([]byte, 1<<20)...),
		"headers": append(bytes.Repeat(global[:len(global)-1024], 1000), one...),
	} {
		file := t.TempDir() + "/a.tar.gz"
		must(t, os.WriteFile(file, gzipped(archive), 0o600))
		for left, want := range map[int64]error{1 << 19: errTooMuch, 1 << 22: nil} {
			f, err := os.Open(file)
			must(t, err)
			if err := packed(f, compress.Gzip, t.TempDir()+"/x", Options{}, &room{left: left}); !errors.Is(err, want) || errors.Is(err, errWhole) {
				t.Errorf("%s with room for %d bytes: %v, want %v", name, left, err, want)
			}
			must(t, f.Close())
		}
	}
}

// TestOwners has numbers that no user can have.
func TestOwners(t *testing.T) {
	for _, id := range []int{-5, 1<<32 - 1, 1 << 32} {
		for _, h := range []tar.Header{{Name: "a", Uid: id, Format: tar.FormatPAX}, {Name: "a", Gid: id, Format: tar.FormatGNU}} {
			file := t.TempDir() + "/a.tar"
			must(t, os.WriteFile(file, packTar(t, h), 0o600))
			if _, err := unpacked(t, file, Options{}); err == nil || !strings.Contains(err.Error(), "can't be an owner") {
				t.Errorf("%d:%d: %v", h.Uid, h.Gid, err)
			}
		}
	}
}
