// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/compress"
	packages "github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// UnpackOptions say how Unpack works.
type UnpackOptions struct {
	// Filters are the paths to leave out.
	Filters Filters
	// More are further empty directories. The packages' files are divided evenly among out
	// and these, so that what becomes of them is of about the same size.
	More []string
	// Memory limits what the decompressors together may hold, in bytes; 0 is a
	// limit that keeps the whole process below 256 MiB, but for a package that has a
	// larger dictionary than xz makes by itself: it is unpacked alone.
	Memory int64
	// Expected is what is known of the files.
	Expected []packages.Expected
}

// defaultMemory leaves room for two streams of the greatest window.
const defaultMemory = 2 * compress.MaxWindow

// Unpack unpacks packages side by side into the empty directory out, with their
// files in dpkg's database, and writes what the later steps need to know of them
// into the empty directory meta. The order of the files only decides between
// packages that have the same path. What is in out depends on nothing else.
func Unpack(ctx context.Context, files []string, out, meta string, opt UnpackOptions) error {
	if err := opt.Filters.check(); err != nil {
		return err
	}
	if opt.Memory == 0 {
		opt.Memory = defaultMemory
	}
	unix.Umask(0)
	debug.SetGCPercent(40)
	t, err := unpack.Open(append([]string{out}, opt.More...)...)
	if err != nil {
		return err
	}
	defer t.Close()
	u := unpacking{tree: t, memory: &budget{left: opt.Memory, free: make(chan struct{}, 1)}, filters: opt.Filters, expected: opt.Expected}
	g := &group{Filters: opt.Filters}
	if g.Packages, err = unpack.Each(ctx, files, u.file); err != nil {
		return err
	}
	if g.Conflicts, err = t.Finish(); err != nil {
		return err
	}
	return g.Write(meta)
}

// unpacking is what all packages share that are unpacked together.
type unpacking struct {
	tree     *unpack.Tree
	memory   *budget
	filters  Filters
	expected []packages.Expected
}

// file unpacks one package.
func (s unpacking) file(ctx context.Context, f unpack.Opened) (*Package, error) {
	a, control, err := open(f, f.Name(), f.Size, s.expected)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", filepath.Base(f.Name()), err)
	}
	u := &unpacker{tree: s.tree, control: control, by: f.Index, filters: s.filters, filled: make([]int64, s.tree.Parts())}
	p, err := u.unpack(ctx, a, s.memory)
	if err != nil {
		return nil, fmt.Errorf("unpack package %s %s: %w", u.name(), control.Fields.Get("Version"), err)
	}
	return p, nil
}

// open reads what a package says of itself, which must be what is expected of its file.
func open(r io.ReaderAt, name string, size int64, expected []packages.Expected) (*archive.Archive, *archive.Control, error) {
	want := packages.Of(expected, name)
	if err := want.CheckFile(r, size); err != nil {
		return nil, nil, err
	}
	a, err := archive.Open(r, size)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.Control()
	if err == nil {
		err = want.Check(c.Fields.Get("Package"), c.Fields.Get("Version"), c.Fields.Get("Architecture"))
	}
	return a, c, err
}

// A budget is memory shared by those who unpack.
type budget struct {
	mu   sync.Mutex
	left int64
	used int
	free chan struct{}
}

// take waits until there is memory for what needs n bytes, or nothing else needs
// any. The caller gives it back.
func (b *budget) take(ctx context.Context, n int64) error {
	for {
		b.mu.Lock()
		if b.left >= n || b.used == 0 {
			b.left -= n
			b.used++
			b.mu.Unlock()
			return nil
		}
		b.mu.Unlock()
		select {
		case <-b.free:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	b.left += n
	b.used--
	b.mu.Unlock()
	select {
	case b.free <- struct{}{}:
	default:
	}
}
