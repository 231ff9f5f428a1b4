// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"fmt"
	"io"
	"strings"

	"github.com/strata-build/strata/internal/compress"
)

// An Archive is an opened package.
type Archive struct {
	control, data part
}

// A part is a compressed tar archive within the package.
type part struct {
	*member
	format string
}

// Open finds the parts of a package of size bytes. It reads no more than their
// headers.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	found, err := members(r, size)
	if err != nil {
		return nil, err
	}
	a := &Archive{}
	for i := range found {
		m := &found[i]
		switch {
		case i == 0:
			err = checkVersion(m)
		case strings.HasPrefix(m.name, "_"):
		case isTar(m.name, "control"):
			err = a.control.set(m)
		case isTar(m.name, "data"):
			if a.control.member == nil {
				err = fmt.Errorf("%w: its files come before control.tar", ErrFormat)
				break
			}
			err = a.data.set(m)
		default:
			err = fmt.Errorf("%w: it has a member called %q", ErrFormat, m.name)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("%w: it has no members", ErrFormat)
	case a.control.member == nil:
		return nil, fmt.Errorf("%w: it has no control.tar", ErrFormat)
	case a.data.member == nil:
		return nil, fmt.Errorf("%w: it has no data.tar", ErrFormat)
	}
	return a, nil
}

// checkVersion takes any 2.x, as dpkg does.
func checkVersion(m *member) error {
	if m.name != "debian-binary" {
		return fmt.Errorf("%w: its first member is %q, want debian-binary", ErrFormat, m.name)
	}
	text := make([]byte, min(m.data.Size(), 16))
	if _, err := io.ReadFull(m.data, text); err != nil {
		return fmt.Errorf("read debian-binary: %w", err)
	}
	if !strings.HasPrefix(string(text), "2.") || !strings.Contains(string(text), "\n") {
		return fmt.Errorf("%w of a format known here: debian-binary says %q, want 2.0", ErrFormat, text)
	}
	return nil
}

func isTar(name, part string) bool {
	return name == part+".tar" || strings.HasPrefix(name, part+".tar.")
}

func (p *part) set(m *member) error {
	if p.member != nil {
		return fmt.Errorf("%w: it has both %s and %s", ErrFormat, p.name, m.name)
	}
	_, suffix, _ := strings.Cut(m.name, ".tar")
	switch suffix {
	case "":
		p.format = compress.None
	case ".gz":
		p.format = compress.Gzip
	case ".xz":
		p.format = compress.Xz
	case ".zst":
		p.format = compress.Zstd
	case ".bz2", ".lzma":
		if isTar(m.name, "control") {
			return fmt.Errorf("%w: %s is compressed in a way that dpkg takes for files only", ErrFormat, m.name)
		}
		p.format = compress.Bzip2
		if suffix == ".lzma" {
			p.format = compress.Lzma
		}
	default:
		return fmt.Errorf("%w: %s is compressed in a way that isn't supported; there are none, gz, xz, zst, bz2 and lzma", ErrFormat, m.name)
	}
	p.member = m
	return nil
}

func (p part) open() (io.ReadCloser, error) {
	if _, err := p.member.data.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read %s: %w", p.name, err)
	}
	r, err := compress.LooseReader(p.member.data, p.format)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p.name, err)
	}
	return r, nil
}

// Data opens the tar archive of the package's files. The caller closes it.
func (a *Archive) Data() (io.ReadCloser, error) { return a.data.open() }

// DataSize is the size in bytes of the files' archive, compressed.
func (a *Archive) DataSize() int64 { return a.data.member.data.Size() }
