// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/plainfile"
)

// directory writes to an OCI layout. A new one appears when it is whole. One that
// is there gets blobs under their names, and its index last.
type directory struct {
	name image.Name
	// dir is where to write.
	dir   string
	stage atomicfile.Stage
	// staged is what a new one waits in, nil for one that is there.
	staged *atomicfile.Directory
}

func openLayout(n image.Name) (place, error) {
	f := &directory{name: n, dir: n.Path}
	if _, err := os.Stat(filepath.Join(n.Path, ocispecs.ImageIndexFile)); err == nil {
		return f, nil
	}
	entries, err := os.ReadDir(n.Path)
	if _, err := os.Stat(filepath.Join(n.Path, ocispecs.ImageIndexFile)); err == nil {
		return f, nil // it became one in the meantime
	}
	if err == nil && slices.ContainsFunc(entries, isForeign) {
		return nil, errors.New("the directory has other things in it, and no OCI layout")
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	staged, err := f.stage.Directory(n.Path, false)
	if err != nil {
		return nil, err
	}
	f.dir, f.staged = staged.Path(), staged
	return f, nil
}

// isForeign tells entries that no layout has, not even one that is being made.
func isForeign(e os.DirEntry) bool {
	switch e.Name() {
	case ocispecs.ImageBlobsDir:
		return !e.IsDir()
	case ocispecs.ImageLayoutFile, ocispecs.ImageIndexFile, ocispecs.ImageIndexFile + lockSuffix:
		return !e.Type().IsRegular()
	}
	return !atomicfile.IsHidden(e.Name())
}

// has looks only at whole images: an index says nothing of its children.
func (f *directory) has(context.Context, v1.Descriptor) (bool, error) { return false, nil }

func (f *directory) hasRoot(context.Context, v1.Descriptor) (bool, error) { return false, nil }

func (f *directory) begin(context.Context, *plan) error {
	if err := os.MkdirAll(filepath.Join(f.dir, ocispecs.ImageBlobsDir, "sha256"), 0o755); err != nil {
		return fmt.Errorf("make layout: %w", err)
	}
	return nil
}

// path is a blob's.
func (f *directory) path(h v1.Hash) string {
	return filepath.Join(f.dir, ocispecs.ImageBlobsDir, h.Algorithm, h.Hex)
}

// exists reports whether a blob is there. Its name is its digest, and it gets
// that name when it has been checked.
func (f *directory) exists(d v1.Descriptor) bool {
	fi, err := os.Stat(f.path(d.Digest))
	return err == nil && fi.Mode().IsRegular() && fi.Size() == d.Size
}

func (f *directory) blob(ctx context.Context, d v1.Descriptor, from *reading) (How, error) {
	if f.staged == nil && f.exists(d) {
		return Present, nil
	}
	rc, err := from.open(ctx)
	if err != nil {
		return "", err
	}
	defer rc.Close()
	return Sent, f.write(d, rc)
}

// write gives a blob its name when all of it has been read.
func (f *directory) write(d v1.Descriptor, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(f.path(d.Digest)), 0o755); err != nil {
		return fmt.Errorf("write blob: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(f.path(d.Digest)), ".strata-*")
	if err != nil {
		return fmt.Errorf("write blob: %w", err)
	}
	_, err = io.CopyBuffer(plainWriter{file}, r, make([]byte, bufferSize))
	if err == nil {
		err = file.Chmod(0o644)
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.path(d.Digest))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write blob: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// bufferSize is what is read and written at a time, in bytes.
const bufferSize = 256 << 10

// plainWriter hides what would make io.CopyBuffer use a small buffer of its own.
type plainWriter struct{ io.Writer }

func (f *directory) manifest(_ context.Context, d v1.Descriptor, raw []byte) error {
	if f.staged == nil && f.exists(d) {
		return nil
	}
	return f.write(d, readerOf(raw))
}

func (f *directory) finish(ctx context.Context, p *plan) error {
	if err := f.manifest(ctx, p.root, p.rootRaw); err != nil {
		return err
	}
	if f.staged != nil {
		// Someone else may have made the layout in the meantime.
		f.staged.Join(ocispecs.ImageIndexFile, func(dir string) error { return f.enter(dir, p) })
	}
	if err := f.enter(f.dir, p); err != nil {
		return err
	}
	return f.stage.Commit()
}

// enter gives what was copied its names in the index of a layout.
func (f *directory) enter(dir string, p *plan) error {
	in := &directory{dir: dir}
	return changeIndex(dir, func(data []byte) ([]byte, error) {
		lists, err := listings(p.attached, func(tag string) ([]byte, error) { return in.listed(data, tag) })
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			if in.exists(l.Descriptor) {
				continue
			}
			if err := in.write(l.Descriptor, readerOf(l.raw)); err != nil {
				return nil, err
			}
		}
		return withEntries(data, layoutEntries(named(p.root, f.name.Tag), p, lists))
	})
}

// listed is the index of referrers that a layout, by its index, has under a tag; empty
// if none.
func (f *directory) listed(data []byte, tag string) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	index, err := v1.ParseIndexManifest(readerOf(data))
	if err != nil {
		return nil, err
	}
	for _, d := range index.Manifests {
		if d.Annotations[ocispecs.AnnotationRefName] == tag && d.MediaType.IsIndex() {
			return plainfile.Read(f.path(d.Digest), indexLimit)
		}
	}
	return nil, nil
}

func (f *directory) close() error { return f.stage.Discard() }
