// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// copyData copies the content of an open file. Where the file may be sparse
// its holes are looked for and stay holes.
func copyData(in, out int, size int64, sparse bool, buf []byte) error {
	if !sparse {
		return copyExtent(in, out, 0, size, buf)
	}
	for at := int64(0); at < size; {
		start, err := unix.Seek(in, at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break
		}
		if err != nil {
			return copyExtent(in, out, at, size, buf)
		}
		end, err := unix.Seek(in, start, unix.SEEK_HOLE)
		if err != nil {
			return fmt.Errorf("find hole: %w", err)
		}
		if err := copyExtent(in, out, start, min(end, size), buf); err != nil {
			return err
		}
		at = end
	}
	if err := unix.Ftruncate(out, size); err != nil {
		return fmt.Errorf("set size: %w", err)
	}
	return nil
}

// copyExtent copies the bytes from start to end, inside the kernel if it can.
// A small file is quicker read and written.
func copyExtent(in, out int, start, end int64, buf []byte) error {
	for end-start > int64(len(buf)) {
		from, to := start, start
		n, err := unix.CopyFileRange(in, &from, out, &to, int(min(end-start, 1<<30)), 0)
		if err == unix.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			break
		}
		start += int64(n)
	}
	for start < end {
		n, err := unix.Pread(in, buf[:min(int64(len(buf)), end-start)], start)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("read: %w: it ends %d bytes early", io.ErrUnexpectedEOF, end-start)
		}
		if err := writeAt(out, buf[:n], start); err != nil {
			return err
		}
		start += int64(n)
	}
	return nil
}

func writeAt(out int, data []byte, at int64) error {
	for len(data) > 0 {
		n, err := unix.Pwrite(out, data, at)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
		data, at = data[n:], at+int64(n)
	}
	return nil
}
