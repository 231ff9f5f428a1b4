// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/strata-build/strata/internal/readahead"
)

const (
	// maxEntries limits the files of a package; the greatest in Debian has 100,000.
	maxEntries = 1 << 20
	// blocksAhead are 2 MiB.
	blocksAhead = 8
)

// Entries reads the tar archive of a package's files to its very end, and calls
// each with every file. It fails where the archive, or what its files have when they
// are written, is much more than the size says, or than any real archive becomes. buf
// is for copying what follows the last of them.
func Entries(ctx context.Context, files io.Reader, size Size, buf []byte, each func(h *tar.Header, content io.Reader) error) error {
	left := size.limit()
	ahead := readahead.New(&bounded{from: files, left: &left}, blocksAhead)
	err := entries(ctx, tar.NewReader(ahead), size.limit(), each)
	if err == nil {
		// What follows the last file says whether the stream was whole, and the right one.
		err = Copy(io.Discard, ahead, buf)
	}
	return errors.Join(err, ahead.Close())
}

func entries(ctx context.Context, r *tar.Reader, left int64, each func(*tar.Header, io.Reader) error) error {
	content, names := &bounded{from: &ending{ctx: ctx, Reader: r}, left: &left}, 0
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			names += len(h.Name) + len(h.Linkname)
			err = checkEntry(h, n, names, left)
		}
		if err == nil && h.Typeflag != tar.TypeXGlobalHeader {
			err = each(h, content)
		}
		if err != nil {
			return fmt.Errorf("read its files: %w", err)
		}
	}
}

// checkEntry looks whether a file, the one after n others, is too much. The size of a
// sparse one is that of what is written.
func checkEntry(h *tar.Header, n, names int, left int64) error {
	switch {
	case n == maxEntries:
		return fmt.Errorf("it has more than %d files", maxEntries)
	case names > maxNames:
		return fmt.Errorf("the names of its files have more than %d bytes", maxNames)
	case h.Size > left:
		return fmt.Errorf("%.200s: %w", h.Name, errTooMuch)
	case !IsOwner(h.Uid) || !IsOwner(h.Gid):
		return fmt.Errorf("%.200s: it belongs to %d:%d, which can't be an owner", h.Name, h.Uid, h.Gid)
	}
	return nil
}

// IsOwner reports whether a number can be that of a user or group: the greatest of 32
// bits stands for no change.
func IsOwner(id int) bool { return id >= 0 && int64(id) < 1<<32-1 }

// ending is a reader that ends with its context.
type ending struct {
	ctx context.Context //nolint:containedctx // it is that of one call
	io.Reader
}

func (e *ending) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return e.Reader.Read(p)
}
