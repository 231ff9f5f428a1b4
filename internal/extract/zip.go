// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// zip unpacks an archive of zip, of a size in bytes.
func (t *tree) zip(from io.ReaderAt, size int64) error {
	r, err := zip.NewReader(from, size)
	if err != nil {
		return fmt.Errorf("%w: %w", errWhole, err)
	}
	r.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor())
	for _, f := range r.File {
		if err := t.zipped(f); err != nil {
			return named(f.Name, err)
		}
	}
	return nil
}

func (t *tree) zipped(f *zip.File) error {
	name := f.Name
	if f.CreatorVersion>>8 != madeOnUnix { // what is made on Windows may have its separators
		name = strings.ReplaceAll(name, `\`, "/")
	}
	isDir := strings.HasSuffix(name, "/") || f.Mode().IsDir()
	at, err := t.place(name, isDir)
	if err != nil || at == "" {
		return err
	}
	if f.Flags&1 != 0 {
		return errors.New("it is encrypted")
	}
	if isDir {
		return t.directory(at, attributes{mode: zipMode(f, 0o755)})
	}
	content, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return fmt.Errorf("it is packed by the method %d of zip; those that can be unpacked are 0 (none), 8 (deflate) and 93 (zstd)", f.Method)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errWhole, err)
	}
	defer content.Close()
	switch f.Mode().Type() {
	case 0:
		return t.file(at, attributes{mode: zipMode(f, 0o644)}, int64(min(f.UncompressedSize64, math.MaxInt64)), content)
	case fs.ModeSymlink:
		target, err := io.ReadAll(io.LimitReader(content, unix.PathMax))
		if err != nil {
			return fmt.Errorf("%w: %w", errWhole, err)
		}
		return t.symlink(at, string(target), attributes{})
	default:
		return fmt.Errorf("it is of a type that zip archives don't have: %v", f.Mode().Type())
	}
}

// The systems that a zip archive has modes from, as its format numbers them.
const (
	madeOnUnix  = 3
	madeOnMacOS = 19
)

// zipMode is the mode of a file, or the usual one where the archive has none.
func zipMode(f *zip.File, usual uint32) uint32 {
	bits := f.ExternalAttrs >> 16
	if system := f.CreatorVersion >> 8; system != madeOnUnix && system != madeOnMacOS || bits&0o7777 == 0 {
		return usual
	}
	return bits & 0o7777
}
