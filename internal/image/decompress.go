// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/strata-build/strata/internal/compress"
)

// magicSize is how many bytes at the start say how a stream is compressed.
const magicSize = 6

// formatOf is how a stream is compressed, by its first bytes. What no image may be
// compressed by is an error.
func formatOf(start []byte) (string, error) {
	format := compress.Detect(start)
	if format == compress.Xz || format == compress.Bzip2 {
		return "", fmt.Errorf("it is compressed by %s, which the image specification does not know; docker load reads it", format)
	}
	return format, nil
}

// Decompress opens a layer, or another stream, by its first bytes: gzip, zstd, or
// neither. Closing the reader does not close r.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(magicSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	format, err := formatOf(start)
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
