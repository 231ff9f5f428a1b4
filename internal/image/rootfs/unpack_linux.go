// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Unpack flattens the layers, the lowest first, into a directory, which must be new
// or empty. It does what Flatten and WriteDir do, but writes each body only once:
// bodies become files of the directory as they are read, before anyone knows their
// paths, and get their names in the end. The tree has no bodies.
//
// Without the rights of root some things are lost; it says how many. When it
// fails, what is in the directory is of no use.
func Unpack(ctx context.Context, layers []Layer, dir string) (_ *Tree, _ Lost, err error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, Lost{}, err
	}
	defer root.Close()
	waiting, err := os.MkdirTemp(dir, ".strata-bodies-") // no image has it by chance
	if err != nil {
		return nil, Lost{}, fmt.Errorf("make a directory for bodies: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(waiting)) }()
	into, err := placers(root, filepath.Base(waiting), len(layers))
	if err != nil {
		return nil, Lost{}, err
	}
	t := &Tree{}
	if err := t.read(ctx, layers, into); err != nil {
		return nil, Lost{}, err
	}
	w := newDirWriter(t, root)
	if err := w.entries(ctx); err != nil {
		return t, w.lost, err
	}
	// The root gets its times when nothing changes it any more.
	if err := os.RemoveAll(waiting); err != nil {
		return t, w.lost, fmt.Errorf("remove bodies that no file has: %w", err)
	}
	return t, w.lost, w.leave("", true)
}

// placer makes each body a file, with a number for its name.
type placer struct {
	root *os.File
	dir  string // relative to it
	n    int
	buf  []byte
	zero []byte
}

// placers makes a directory for each layer, so that they don't wait for each other.
func placers(root *os.File, dir string, layers int) ([]bodies, error) {
	var all []bodies
	for i := range layers {
		p := &placer{root: root, dir: filepath.Join(dir, strconv.Itoa(i))}
		if err := unix.Mkdirat(int(p.root.Fd()), p.dir, 0o700); err != nil {
			return nil, fmt.Errorf("make a directory for bodies: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

func (p *placer) store(in *Inode, body io.Reader) error {
	if in.Size == 0 {
		return nil
	}
	if p.buf == nil {
		p.buf, p.zero = make([]byte, spoolChunk), make([]byte, spoolChunk)
	}
	p.n++
	in.placed = filepath.Join(p.dir, strconv.Itoa(p.n))
	fd, err := unix.Openat(int(p.root.Fd()), in.placed, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	f := os.NewFile(uintptr(fd), filepath.Join(p.root.Name(), in.placed))
	if err := p.write(f, in.Size, body); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// write copies a body of a size in bytes, and leaves out what is zero.
func (p *placer) write(f *os.File, size int64, body io.Reader) error {
	hole := false
	for at := int64(0); at < size; {
		n := min(size-at, spoolChunk)
		chunk := p.buf[:n]
		if _, err := io.ReadFull(body, chunk); err != nil {
			return fmt.Errorf("read body: %w", err)
		}
		if hole = bytes.Equal(chunk, p.zero[:n]); !hole {
			if _, err := f.WriteAt(chunk, at); err != nil {
				return fmt.Errorf("write body: %w", err)
			}
		}
		at += n
	}
	if hole {
		return f.Truncate(size)
	}
	return nil
}

func (p *placer) flush() error { return nil }
