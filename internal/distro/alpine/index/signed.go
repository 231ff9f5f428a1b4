// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
)

// defaultIndexLimit is the size of an index's content, in bytes, that is read
// at most unless a caller says otherwise; the greatest real one has 120 MB.
const defaultIndexLimit = 1 << 30

// A signed is what an APKINDEX.tar.gz holds.
type signed struct {
	text        string
	description string
	signers     []string // names of the keys whose signatures are good, sorted
}

// readSigned checks an APKINDEX.tar.gz and reads it. Nothing that isn't
// signed is looked at. limit bounds its content in bytes; 0 is 1 GiB.
func readSigned(data []byte, keys Keys, limit int64) (*signed, error) {
	first, end, err := archive.ReadMember(bytes.NewReader(data), 0, int64(len(data)), archive.MaxControl)
	if errors.Is(err, archive.ErrTooLarge) {
		return nil, fmt.Errorf("read index: %w", &SignatureError{Why: "there is none in front"})
	}
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	signers, err := keys.verify(first, data[end:])
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	f, err := readMembers(data, end, limit)
	if err != nil {
		return nil, err
	}
	f.signers = signers
	return f, nil
}

// readMembers reads what an index holds from a place on. limit is as for readSigned.
func readMembers(data []byte, end, limit int64) (*signed, error) {
	if limit == 0 {
		limit = min(defaultIndexLimit, int64(len(data))*40+16<<20) // real ones become four times as much
	}
	r, f := bytes.NewReader(data), &signed{}
	for end < int64(len(data)) {
		var content []byte
		var err error
		content, end, err = archive.ReadMember(r, end, int64(len(data)), limit)
		if err != nil {
			return nil, fmt.Errorf("read index: %w", err)
		}
		limit -= int64(len(content))
		if err := f.read(content); err != nil {
			return nil, fmt.Errorf("read index: %w", err)
		}
	}
	if f.text == "" {
		return nil, errors.New("read index: it holds no APKINDEX, or an empty one")
	}
	return f, nil
}

func (f *signed) read(content []byte) error {
	r := tar.NewReader(bytes.NewReader(content))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return noEOF(err)
		}
		var to *string
		switch h.Name {
		case "APKINDEX":
			to = &f.text
		case "DESCRIPTION":
			to = &f.description
		default:
			continue
		}
		if *to != "" {
			return fmt.Errorf("%s is there twice", h.Name)
		}
		if h.Size > int64(len(content)) {
			return fmt.Errorf("%s: %w: its archive has %d bytes", h.Name, archive.ErrTooLarge, len(content))
		}
		var b strings.Builder
		b.Grow(int(h.Size))
		if _, err := io.Copy(&b, r); err != nil {
			return noEOF(err)
		}
		*to = b.String()
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
