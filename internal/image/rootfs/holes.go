// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"

	"github.com/strata-build/strata/internal/compress"
)

// holes bounds what the sparse files of a layer become: one block of an archive can say
// that there are 8 EiB of zeros, which nothing gets to the end of.
type holes struct {
	from io.Reader
	// read are the archive's bytes so far, sparse what its sparse files become.
	read, sparse int64
}

// Read reads the archive.
func (l *holes) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	l.read += int64(n)
	return n, err
}

// take refuses a sparse file for which there is no room.
func (l *holes) take(h *tar.Header) error {
	if !isSparse(h) {
		return nil
	}
	if h.Size > compress.Room(l.read)-l.sparse {
		return fmt.Errorf("it is sparse and has %d bytes; sparse files that are more than 1 GiB and 10,000 times their archive aren't unpacked", h.Size)
	}
	l.sparse += h.Size
	return nil
}

// isSparse reports whether a file has more than the archive.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
