// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sparse is an archive of GNU tar with a file of that many bytes and nothing in it.
func sparse(t *testing.T, size int64, options ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "hole")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tar", append(append([]string{"--create", "--sparse"}, options...), "--directory", dir, "./hole")...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) > 1<<16 {
		t.Fatalf("the archive has %d bytes: it isn't sparse", len(out))
	}
	return out
}

// TestSparseFilesCount reads files that have more than their archive, in all forms
// that GNU tar has for them.
func TestSparseFilesCount(t *testing.T) {
	for _, options := range [][]string{
		{"--format=gnu"}, {"--format=posix", "--sparse-version=0.0"}, {"--format=posix", "--sparse-version=0.1"}, {"--format=posix", "--sparse-version=1.0"},
	} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			for size, tooMuch := range map[int64]bool{1 << 20: false, 1 << 38: true} {
				archive := sparse(t, size, options...)
				wrote := int64(0)
				err := Entries(context.Background(), bytes.NewReader(archive), Size{Compressed: int64(len(archive))}, make([]byte, 1<<16),
					func(_ *tar.Header, content io.Reader) error {
						n, err := io.Copy(io.Discard, content)
						wrote += n
						return err
					})
				if tooMuch && (err == nil || wrote > 0) || !tooMuch && (err != nil || wrote != size) {
					t.Errorf("of %d bytes %d were written: %v", size, wrote, err)
				}
			}
		})
	}
}

// TestManySparseFilesCount reads files each of which is small enough.
func TestManySparseFilesCount(t *testing.T) {
	one := bytes.TrimRight(sparse(t, 48<<20, "--format=posix"), "\x00")
	one = append(one, make([]byte, (512-len(one)%512)%512)...)
	wrote := int64(0)
	err := Entries(context.Background(), bytes.NewReader(bytes.Repeat(one, 50)), Size{}, make([]byte, 1<<16), func(_ *tar.Header, content io.Reader) error {
		n, err := io.Copy(io.Discard, content)
		wrote += n
		return err
	})
	if err == nil || wrote > (Size{}).limit() {
		t.Errorf("%d bytes were written: %v", wrote, err)
	}
}

// TestEndsWhenItIsTold ends in the middle of a file.
func TestEndsWhenItIsTold(t *testing.T) {
	archive := sparse(t, 48<<20, "--format=posix")
	ctx, cancel := context.WithCancel(context.Background())
	err := Entries(ctx, bytes.NewReader(archive), Size{}, make([]byte, 1<<16), func(_ *tar.Header, content io.Reader) error {
		cancel()
		_, err := io.Copy(io.Discard, content)
		return err
	})
	if err == nil {
		t.Error("it doesn't end with its context")
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct{ installed, compressed, want int64 }{
		{0, 0, 64 << 20},
		{0, 1 << 20, 164 << 20},
		{100 << 20, 50 << 20, 864 << 20},
		{1 << 50, 1 << 20, 2064 << 20},
		{1<<63 - 1, 1<<63 - 1, maxFiles},
		{0, 1<<63 - 1, maxFiles},
	} {
		if got := (Size{c.installed, c.compressed}).limit(); got != c.want {
			t.Errorf("installed %d, compressed %d: %d bytes, want %d", c.installed, c.compressed, got, c.want)
		}
	}
}

func TestOwners(t *testing.T) {
	for id, want := range map[int]bool{0: true, 65534: true, 1<<32 - 2: true, 1<<32 - 1: false, 1 << 33: false, -1: false} {
		if IsOwner(id) != want {
			t.Errorf("IsOwner(%d) = %v", id, !want)
		}
	}
}
