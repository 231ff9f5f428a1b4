// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// UnpackOptions say how Unpack works.
type UnpackOptions struct {
	// Filters are the paths to leave out.
	Filters Filters
	// More are further empty folders. The packages' files are divided evenly among out
	// and these, so that what becomes of them is of about the same size.
	More []string
	// Memory limits what the decompressors together may hold, in bytes; 0 is a
	// limit that keeps the whole process below 256 MiB.
	Memory int64
}

// defaultMemory leaves room for two streams of the greatest window.
const defaultMemory = 2 * compress.MaxWindow

// Unpack unpacks packages side by side into the empty folder out, with their
// files in dpkg's database, and writes what the later steps need to know of them
// into the empty folder meta. The order of the files only decides between
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
	g := &group{Packages: make([]*Package, len(files)), Filters: opt.Filters}
	if err := unpackAll(ctx, files, t, g, opt); err != nil {
		return err
	}
	if g.Conflicts, err = t.Finish(); err != nil {
		return err
	}
	return g.write(meta)
}

// unpackAll unpacks the files on all processors. The greatest are begun first,
// so that none is left alone at the end.
func unpackAll(ctx context.Context, files []string, t *unpack.Tree, g *group, opt UnpackOptions) error {
	order, err := bySize(files)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	memory := &budget{left: opt.Memory, free: make(chan struct{}, 1)}
	next := make(chan int)
	errs := make([]error, len(files))
	var wg sync.WaitGroup
	for range min(runtime.NumCPU(), len(files)) {
		wg.Go(func() {
			for i := range next {
				g.Packages[i], errs[i] = unpackFile(ctx, files[i], i, t, memory, opt.Filters)
				if errs[i] != nil {
					cancel()
				}
			}
		})
	}
	for _, i := range order {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

// unpackFile unpacks one package.
func unpackFile(ctx context.Context, file string, i int, t *unpack.Tree, memory *budget, filters Filters) (*Package, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open package: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open package: %w", err)
	}
	a, err := archive.Open(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", filepath.Base(file), err)
	}
	control, err := a.Control()
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", filepath.Base(file), err)
	}
	u := &unpacker{tree: t, control: control, by: i, filters: filters, filled: make([]int64, t.Parts())}
	p, err := u.unpack(ctx, a, memory)
	if err != nil {
		return nil, fmt.Errorf("unpack package %s %s: %w", u.name(), control.Fields.Get("Version"), err)
	}
	return p, nil
}

// A budget is memory shared by those who unpack.
type budget struct {
	mu   sync.Mutex
	left int64
	used int
	free chan struct{}
}

// take waits until there is memory for what needs n bytes, or nobody else needs
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

// bySize is the order of files from the greatest to the smallest.
func bySize(files []string) ([]int, error) {
	sizes := make([]int64, len(files))
	order := make([]int, len(files))
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, fmt.Errorf("open package: %w", err)
		}
		order[i], sizes[i] = i, info.Size()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	return order, nil
}
