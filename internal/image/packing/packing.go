// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package packing says by its first bytes how a layer's archive is compressed, and in
// words what can't be read. Media types are often wrong.
package packing

import (
	"bytes"
	"fmt"

	"github.com/strata-build/strata/internal/compress"
)

// Magic is how many bytes of a layer tell how it is compressed.
const Magic = 6

// Of names the compression of a layer: compress.Gzip, Zstd or None. What no image may
// be compressed by is an error. What is not known is taken for an archive.
func Of(start []byte) (string, error) {
	format := compress.Detect(start)
	switch format {
	case compress.Xz, compress.Bzip2:
		return "", fmt.Errorf("it is compressed by %s, which the image specification does not know; docker load reads it", format)
	case compress.None:
		if other := unread(start); other != "" {
			return "", fmt.Errorf("it is %s, which the image specification does not know; a layer is a tar, or one compressed by gzip or zstd", other)
		}
	}
	return format, nil
}

// unread is what a stream is that nothing here reads, if its first bytes can't be the
// name that a tar begins with; or empty.
func unread(start []byte) string {
	for _, other := range []struct{ magic, is string }{
		{"\x04\x22\x4d\x18", "compressed by lz4"},
		{"\x02\x21\x4c\x18", "compressed by lz4"},
		{"\x1f\x9d", "compressed by compress"},
		{"\x89LZO", "compressed by lzo"},
		{"PK\x03\x04", "a zip archive"},
	} {
		if bytes.HasPrefix(start, []byte(other.magic)) {
			return other.is
		}
	}
	// A window of 64 KiB or more, and not a file called "]".
	if len(start) >= 5 && bytes.HasPrefix(start, []byte("\x5d\x00\x00")) && start[3]|start[4] != 0 {
		return "compressed by lzma"
	}
	return ""
}
