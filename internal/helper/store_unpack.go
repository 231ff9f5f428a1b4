// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/nix/nar"
)

// bySize are the items, the biggest first.
func bySize(items []call.Item) []call.Item {
	return slices.SortedStableFunc(slices.Values(items), func(a, b call.Item) int { return cmp.Compare(b.Size, a.Size) })
}

// unpack puts the item into the open store.
func (item storeItem) unpack(to dir, archives *compress.Opener) error {
	parent, name := path.Split(item.Name)
	at, above, err := to.make(parent)
	if err != nil {
		return err
	}
	defer func() {
		for _, d := range above {
			d.close()
		}
	}()
	archive, err := item.open(archives)
	if err != nil {
		return err
	}
	defer archive.Close()
	sum := &checked{from: archive, hash: sha256.New(), limit: item.Size}
	if item.Hash == "" {
		sum.limit = -1
	}
	if err := unpackArchive(nar.NewReader(sum), at, name); err != nil {
		return err
	}
	if err := sum.check(item); err != nil {
		return err
	}
	if item.Format == call.FormatModes {
		if err := item.copyModes(at, name); err != nil {
			return err
		}
	}
	for i := len(above) - 1; i >= 0; i-- {
		if err := above[i].seal(0o755); err != nil {
			return err
		}
	}
	return nil
}

// make makes the directories of a relative path that aren't there. It returns
// the last one and all that have to be closed.
func (d dir) make(p string) (last dir, all []dir, err error) {
	last = d
	for _, name := range components(p) {
		next, err := last.mkdir(name)
		if errors.Is(err, unix.EEXIST) {
			next, err = last.open(name)
		}
		if err != nil {
			for _, d := range all {
				d.close()
			}
			return dir{}, nil, err
		}
		last = next
		all = append(all, next)
	}
	return last, all, nil
}

// open opens the item's archive, or makes one of its tree.
func (item storeItem) open(archives *compress.Opener) (io.ReadCloser, error) {
	if item.Format == call.FormatTree || item.Format == call.FormatModes {
		return packed(item.Input), nil
	}
	f, err := os.Open(item.Input)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	z, err := archives.Reader(f, item.Format)
	if err != nil {
		f.Close()
		return nil, err
	}
	return closers{z, z, f}, nil
}

// closers closes a reader and what it reads from.
type closers struct {
	io.Reader
	outer, inner io.Closer
}

func (c closers) Close() error { return errors.Join(c.outer.Close(), c.inner.Close()) }

// checked hashes and counts what is read, and stops what is longer than it
// should be: a small file can hold a great archive.
type checked struct {
	from  io.Reader
	hash  hash.Hash
	read  int64
	limit int64
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.read += int64(n)
	if c.limit >= 0 && c.read > c.limit {
		return 0, fmt.Errorf("%w: more than %d bytes", errSize, c.limit)
	}
	c.hash.Write(p[:n])
	return n, err
}

// check compares an archive that was read to its end with what was announced.
func (c *checked) check(item storeItem) error {
	if item.Hash == "" {
		return nil
	}
	if c.read != item.Size {
		return fmt.Errorf("%w: %d bytes instead of %d", errSize, c.read, item.Size)
	}
	if got := hex.EncodeToString(c.hash.Sum(nil)); got != item.Hash {
		return fmt.Errorf("%w: its archive's hash is sha256:%s instead of sha256:%s", errHash, got, item.Hash)
	}
	return nil
}

// unpackArchive makes what an archive holds as name in at.
func unpackArchive(r *nar.Reader, at dir, name string) error {
	open := []dir{at}
	defer func() {
		for _, d := range open[1:] {
			d.close()
		}
	}()
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		here := open[len(open)-1]
		if len(open) > 1 {
			name = e.Name
		}
		if strings.HasPrefix(e.Name, ".wh.") {
			return fmt.Errorf("%s: names with .wh. mean a deletion in an image's layer", show(here.join(name)))
		}
		switch e.Type {
		case nar.Directory:
			sub, err := here.mkdir(name)
			if err != nil {
				return err
			}
			open = append(open, sub)
		case nar.Leave:
			open = open[:len(open)-1]
			err := here.seal(0o555)
			here.close()
			if err != nil {
				return err
			}
		case nar.Symlink:
			if err := unix.Symlinkat(e.Target, here.fd, name); err != nil {
				return fmt.Errorf("make link %s: %w", show(here.join(name)), err)
			}
			if err := here.date(name); err != nil {
				return err
			}
		case nar.Regular:
			if err := unpackFile(r, e, here, name); err != nil {
				return err
			}
		}
	}
}

// unpackFile makes a file.
func unpackFile(r *nar.Reader, e nar.Entry, at dir, name string) error {
	mode := uint32(0o444)
	if e.Executable {
		mode = 0o555
	}
	fd, err := unix.Openat(at.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return fmt.Errorf("create %s: %w", show(at.join(name)), err)
	}
	_, err = r.WriteTo(writer{fd: fd, path: at.join(name)})
	if err == nil {
		err = setMode(fd, mode)
	}
	if err == nil {
		err = at.date(name)
	}
	return errors.Join(err, unix.Close(fd))
}

// setMode changes an open file's permission bits unless they are right: a
// change costs more than a look.
func setMode(fd int, mode uint32) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&0o7777 == mode {
		return nil
	}
	return unix.Fchmod(fd, mode)
}

// A writer writes to an open file.
type writer struct {
	fd   int
	path string
}

func (w writer) Write(data []byte) (int, error) {
	written := 0
	for written < len(data) {
		n, err := unix.Write(w.fd, data[written:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return written, fmt.Errorf("write %s: %w", show(w.path), err)
		}
		written += n
	}
	return written, nil
}
