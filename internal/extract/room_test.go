// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
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
