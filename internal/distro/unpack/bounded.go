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

// Size is what is known of a package before its files are read, in bytes.
type Size struct {
	// Installed is what the package says that its files need; 0 if it doesn't say.
	Installed int64
	// Compressed is what their archive has.
	Compressed int64
}

const (
	// maxFiles limits the files of a package whatever it says: the greatest in Debian
	// has some 5 GB.
	maxFiles = 32 << 30
	// maxNames limits the names of its files together; the most that a package of
	// Debian has are 10 MB.
	maxNames = 256 << 20
)

// limit is how many bytes the files, and their archive, may have: much more than the
// package says, and never more than any real archive is compressed by.
func (s Size) limit() int64 {
	const least = 64 << 20
	ratio := min(s.Compressed, maxFiles)*2000 + least
	if s.Installed == 0 {
		return min(min(s.Compressed, maxFiles)*100+least, maxFiles)
	}
	return min(min(s.Installed, maxFiles)*8+least, ratio, maxFiles)
}

// bounded is a reader that fails when it has given too much. What it reads in several
// streams may count together.
type bounded struct {
	from io.Reader
	left *int64
}

var errTooMuch = errors.New("its files need much more room than it says; a decompression bomb isn't unpacked")

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if *b.left -= int64(n); *b.left < 0 {
		return 0, errTooMuch
	}
	return n, err
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
