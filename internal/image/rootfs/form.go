// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Form is what a tree is written as when it is one stream.
type Form string

// The forms.
const (
	Tar      Form = "tar"
	Cpio     Form = "cpio"
	Squashfs Form = "squashfs"
	Erofs    Form = "erofs"
)

// Write writes the tree in a form. The compression is "none", or for tar and
// cpio "gzip" or "zstd"; see WriteSquashfs for its own.
func (t *Tree) Write(ctx context.Context, w io.Writer, form Form, compression string) (Lost, error) {
	if form == Squashfs {
		return t.streamSquashfs(ctx, w, compression)
	}
	packed, err := compressor(w, compression)
	if err != nil {
		return Lost{}, err
	}
	buffered := bufio.NewWriterSize(packed, 1<<20)
	lost, err := t.writeForm(ctx, buffered, form)
	if err == nil {
		err = buffered.Flush()
	}
	if closed := packed.Close(); err == nil {
		err = closed
	}
	return lost, err
}

func (t *Tree) writeForm(ctx context.Context, w io.Writer, form Form) (Lost, error) {
	switch form {
	case Tar:
		return Lost{}, t.WriteTar(ctx, w)
	case Cpio:
		return t.WriteCpio(ctx, w)
	case Erofs:
		return t.WriteErofs(ctx, w)
	}
	return Lost{}, fmt.Errorf("write root file system: there is no form %q", form)
}

// compressor returns a writer whose bytes depend on nothing but what is written.
func compressor(w io.Writer, compression string) (io.WriteCloser, error) {
	switch compression {
	case "none":
		return plain{w}, nil
	case "gzip":
		return gzip.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("write root file system: there is no compression %q", compression)
}

// plain compresses nothing.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// streamSquashfs goes through a temporary file, because mksquashfs jumps back
// and forth.
func (t *Tree) streamSquashfs(ctx context.Context, w io.Writer, compression string) (_ Lost, err error) {
	f, err := os.CreateTemp(Options{}.tempDir(), "strata-squashfs-")
	if err != nil {
		return Lost{}, fmt.Errorf("make a temporary file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	lost, err := t.WriteSquashfs(ctx, f.Name(), compression)
	if err != nil {
		return lost, err
	}
	_, err = io.Copy(w, f)
	return lost, err
}
