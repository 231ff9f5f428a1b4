// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/image/packing"
)

// Decompress opens a layer, or another stream, by its first bytes: gzip, zstd, or
// neither. Closing the reader does not close r.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(packing.Magic)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	format, err := packing.Of(start)
	if err != nil {
		return nil, err
	}
	switch format {
	case compress.Gzip:
		return gzip.NewReader(buffered)
	case compress.Zstd:
		d, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(buffered), nil
}
