// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"errors"
	"io"

	"github.com/strata-build/strata/internal/compress"
)

// errTooMuch says that an archive becomes more than any real one.
var errTooMuch = errors.New("it becomes more than 1 GiB and 10,000 times the archive's size: a decompression bomb isn't unpacked")

// A room is how many bytes an archive's files may still have.
type room struct{ left int64 }

// roomFor is for an archive of size bytes.
func roomFor(size int64) *room { return &room{left: compress.Room(size)} }

// take reads content, which says that it has size bytes, as long as there is room.
func (r *room) take(size int64, content io.Reader) (io.Reader, error) {
	if size > r.left {
		return nil, errTooMuch
	}
	return &bounded{room: r, from: content}, nil
}

type bounded struct {
	room *room
	from io.Reader
}

// Read reads, and fails where there is no room.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.room.left -= int64(n); b.room.left < 0 {
		return 0, errTooMuch
	}
	return n, err
}
