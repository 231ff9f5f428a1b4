// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"errors"
	"fmt"
	"io"

	"github.com/strata-build/strata/internal/readahead"
)

// limit is how many bytes the files' archive may have: much more than the package
// says, and never more than any real archive is compressed by.
func limit(installed, compressed int64) int64 {
	const least = 64 << 20
	ratio := compressed*2000 + least
	if installed == 0 {
		return min(compressed*100+least, ratio)
	}
	return min(installed*8+least, ratio)
}

// bounded is a reader that fails when it has given too much.
type bounded struct {
	from io.Reader
	left int64
}

var errTooMuch = errors.New("its files need much more room than it says; a decompression bomb isn't unpacked")

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooMuch
	}
	return n, err
}

// Bounded reads the files' archive of a package and fails when it is much larger
// than the package says, or than any real archive becomes. installed is what the
// package says and compressed what the archive has now, both in bytes.
func Bounded(r io.Reader, installed, compressed int64) io.Reader {
	return &bounded{from: r, left: limit(installed, compressed)}
}

// Copy copies by blocks of the buffer's size.
func Copy(w io.Writer, r io.Reader, buf []byte) error {
	for {
		n, readErr := readahead.Block(r, buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return fmt.Errorf("read: %w", readErr)
		}
	}
}
