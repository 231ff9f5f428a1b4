// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// Unpack unpacks packages side by side into the empty folder out, and writes
// what Install needs to know of them into the empty folder meta. The folder
// image has the folders and links of the image they are for; it is empty for
// scratch. The order of the files only decides between packages that have the
// same path.
func Unpack(ctx context.Context, files []string, out, meta, image string) error {
	unix.Umask(0)
	t, err := unpack.Open(out)
	if err != nil {
		return err
	}
	defer t.Close()
	g := &group{Packages: make([]*Package, len(files))}
	if err := unpackAll(ctx, files, t, g, skeleton(image)); err != nil {
		return err
	}
	if g.Conflicts, err = t.Finish(); err != nil {
		return err
	}
	return g.write(meta)
}

// unpackAll unpacks the files on all processors.
func unpackAll(ctx context.Context, files []string, t *unpack.Tree, g *group, image skeleton) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan int)
	errs := make([]error, len(files))
	var wg sync.WaitGroup
	for range min(runtime.NumCPU(), len(files)) {
		wg.Go(func() {
			for i := range next {
				if g.Packages[i], errs[i] = unpackFile(ctx, files[i], i, t, image); errs[i] != nil {
					cancel()
				}
			}
		})
	}
	for i := range files {
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

func unpackFile(ctx context.Context, file string, i int, t *unpack.Tree, image skeleton) (*Package, error) {
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
	u := &unpacker{tree: t, image: image, by: i, p: &Package{Info: a.Info, Checksum: a.Checksum, Size: a.Size, Scripts: a.Scripts}}
	if err := u.unpack(ctx, a); err != nil {
		return nil, fmt.Errorf("unpack package %s %s: %w", a.Info.Name, a.Info.Version, err)
	}
	return u.p, nil
}

// databases are the folders that are apk's own.
func databases() []string { return []string{"/lib/apk/db", "/usr/lib/apk/db"} }

// isDatabase tells whether a path is in one of them.
func isDatabase(p string) bool {
	for _, dir := range databases() {
		if p == dir || path.Dir(p) == dir {
			return true
		}
	}
	return false
}
