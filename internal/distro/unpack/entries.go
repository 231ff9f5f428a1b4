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
// each with every file. buf is for copying what follows the last of them.
func Entries(ctx context.Context, files io.Reader, buf []byte, each func(h *tar.Header, content io.Reader) error) error {
	ahead := readahead.New(files, blocksAhead)
	err := entries(ctx, tar.NewReader(ahead), each)
	if err == nil {
		// What follows the last file says whether the stream was whole, and the right one.
		err = Copy(io.Discard, ahead, buf)
	}
	return errors.Join(err, ahead.Close())
}

func entries(ctx context.Context, r *tar.Reader, each func(*tar.Header, io.Reader) error) error {
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && n == maxEntries {
			err = fmt.Errorf("it has more than %d files", maxEntries)
		}
		if err == nil && h.Typeflag != tar.TypeXGlobalHeader {
			err = each(h, r)
		}
		if err != nil {
			return fmt.Errorf("read its files: %w", err)
		}
	}
}
