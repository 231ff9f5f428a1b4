// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/image/packing"
	"github.com/strata-build/strata/internal/readahead"
)

// ErrDiffID says that a layer's archive is not the one that the image's
// configuration names.
var ErrDiffID = errors.New("the layer's archive is not the one that the configuration names")

// blocksAhead are how many blocks a layer is read ahead by: 1 MiB.
const blocksAhead = 4

// Layer is one layer of an image.
type Layer struct {
	// Name says which layer it is, in errors.
	Name string
	// Open gives the archive, which may be compressed by gzip or zstd.
	Open func(ctx context.Context) (io.ReadCloser, error)
	// DiffID is the digest of the archive when it isn't compressed, as
	// sha256:HEX or sha512:HEX. When empty, it is not checked.
	DiffID string
}

// archive is a layer's archive, decompressed and checked.
type archive struct {
	io.Reader
	sum   hash.Hash
	want  string
	close []func() error
}

// open opens the layer for one reading.
func (l Layer) open(ctx context.Context) (*archive, error) {
	rc, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	a := &archive{want: l.DiffID, close: []func() error{rc.Close}}
	plain, err := a.decompress(rc)
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	ahead := readahead.New(plain, blocksAhead)
	a.close = append(a.close, ahead.Close)
	a.Reader = ahead
	if l.DiffID != "" {
		a.sum = sha256.New()
		if strings.HasPrefix(l.DiffID, "sha512:") {
			a.sum = sha512.New()
		}
		a.Reader = io.TeeReader(ahead, a.sum)
	}
	return a, nil
}

// decompress looks at the first bytes, because media types are often wrong.
func (a *archive) decompress(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	magic, err := buffered.Peek(packing.Magic)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	format, err := packing.Of(magic)
	if err != nil {
		return nil, err
	}
	switch format {
	case compress.Gzip:
		return gzip.NewReader(buffered)
	case compress.Zstd:
		d, err := compress.Reader(buffered, format)
		if err != nil {
			return nil, err
		}
		a.close = append(a.close, d.Close)
		return d, nil
	}
	return buffered, nil
}

// finish reads what is behind the archive's end and checks the whole.
func (a *archive) finish() error {
	if _, err := io.Copy(io.Discard, a.Reader); err != nil {
		return err
	}
	if a.sum == nil {
		return nil
	}
	algorithm, _, _ := strings.Cut(a.want, ":")
	if got := algorithm + ":" + hex.EncodeToString(a.sum.Sum(nil)); got != a.want {
		return fmt.Errorf("%w: its digest is %s, not %s", ErrDiffID, got, a.want)
	}
	return nil
}

// Close closes the archive and what it is read from, the last opened first.
func (a *archive) Close() error {
	var errs []error
	for i := len(a.close) - 1; i >= 0; i-- {
		errs = append(errs, a.close[i]())
	}
	return errors.Join(errs...)
}
