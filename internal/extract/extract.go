// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package extract unpacks what the build file has with extract: true: archives made
// by tar and zip, and single files that are packed alone. Which of these a file is
// its bytes say, and not its name. Nothing is written outside the directory that an
// archive is unpacked into, whatever its names and links are, and an archive that
// isn't whole is an error.
package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/compress"
)

// Options say what of an archive is taken, and where it goes.
type Options struct {
	// Include and Exclude are .dockerignore patterns of paths in the archive; no
	// Include is all of it.
	Include, Exclude []string
	// Strip is how many of the first components of its paths are left out, as with
	// tar's --strip-components; a path that has no more than these is left out itself.
	Strip int
	// Name is what the file is called where it comes from, or empty: a file that is
	// packed alone is called so, without the suffix.
	Name string
	// Into says that the destination is a directory, which a file that is packed alone
	// goes into by its name. Otherwise the file becomes the destination itself.
	Into bool
}

var (
	// errFormat says that a file is no archive.
	errFormat = errors.New("it isn't an archive made by tar or zip, nor packed by gzip, bzip2, xz or zstd")
	// errWhole says that an archive ends too early, or has other faults.
	errWhole = errors.New("it isn't a whole archive")
)

// File unpacks a file to dst, a directory unless it is a file that is packed alone and
// doesn't go into one. A directory may be there already.
func File(file, dst string, o Options) (err error) {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO is waited for otherwise
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	if info.IsDir() {
		return errors.New("it is a directory")
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is a FIFO, a socket or a device")
	}
	head := make([]byte, headSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read archive: %w", err)
	}
	head, room := head[:n], roomFor(info.Size())
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return inTree(dst, o, room, func(t *tree) error { return t.zip(f, info.Size()) })
	}
	if format := compress.Detect(head); format != compress.None {
		return packed(f, format, dst, o, room)
	}
	if !isTar(head) && !isBlank(head) {
		return fmt.Errorf("%w: %s", errFormat, looksLike(head))
	}
	return inTree(dst, o, room, func(t *tree) error { return t.tar(f) })
}

// headSize is how many bytes of a file tell what it is; a block of tar.
const headSize = 512

// packed unpacks what is packed by one of the compressions: an archive of tar, or a
// file alone.
func packed(f *os.File, format, dst string, o Options, room *room) error {
	z, err := compress.Reader(f, format)
	if err != nil {
		return fmt.Errorf("%w: %w", errWhole, err)
	}
	defer z.Close()
	all := *room // what is between the files has as much room as they
	content := bufio.NewReaderSize(&bounded{room: &all, from: z}, 1<<18)
	head, err := content.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return notWhole(err)
	}
	name, named := alone(format, o.Name, filepath.Base(f.Name()))
	switch {
	case isTar(head), named && isBlank(head):
		return inTree(dst, o, room, func(t *tree) error { return t.tar(content) })
	case named:
		return fmt.Errorf("it is called as an archive of tar, and what is packed in it is none: %s", looksLike(head))
	case o.Strip > 0:
		return fmt.Errorf("it is a single file, packed by %s, so there is nothing to strip", format)
	case len(o.Include)+len(o.Exclude) > 0:
		return fmt.Errorf("it is a single file, packed by %s, so there is nothing to include or exclude", format)
	}
	if o.Into {
		if strings.HasPrefix(name, deletion) {
			return fmt.Errorf("what is packed in it is called %.80q: names that begin with %s mean deletions in an image's layer", name, deletion)
		}
		if err := os.MkdirAll(dst, 0o755); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		dst = path.Join(dst, name)
	}
	return write(dst, &bounded{room: room, from: content})
}

// write makes a file of what was packed alone.
func write(dst string, content io.Reader) error {
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if _, err = io.Copy(out, content); err != nil {
		err = notWhole(err)
	} else {
		err = out.Chmod(0o644)
	}
	return errors.Join(err, out.Close())
}

// inTree makes the directory dst and lets an archive fill it.
func inTree(dst string, o Options, room *room, fill func(*tree) error) error {
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	root, err := os.OpenRoot(dst)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer root.Close()
	t, err := newTree(root, o, room)
	if err != nil {
		return err
	}
	if err := fill(t); err != nil {
		return err
	}
	return t.finish()
}
