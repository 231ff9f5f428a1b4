// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// ErrFormat is in every error about a file that isn't a package of apk.
var ErrFormat = errors.New("it is not a package of apk's format 2")

// signaturePrefix begins the names of signatures: .SIGN.RSA.KEY has one of a
// SHA-1, .SIGN.RSA256.KEY one of a SHA-256.
const signaturePrefix = ".SIGN."

// An Archive is an opened package. Its signatures are not looked at: a package
// is trusted because an index with a good signature has its checksum.
type Archive struct {
	Info *control.Info
	// Scripts are the maintainer's, by the names that apk has for them.
	Scripts []Script
	// Checksum is the control segment's: the one that indexes have.
	Checksum string
	// Size is the file's, in bytes.
	Size int64

	r    io.ReaderAt
	data int64
}

// A Script is one of pre-install, post-install, pre-upgrade, post-upgrade,
// pre-deinstall, post-deinstall and trigger.
type Script struct {
	Name string
	Body []byte
}

// ScriptNames are the scripts that apk knows, in the order of its database.
func ScriptNames() []string {
	return []string{
		"pre-install", "post-install", "pre-deinstall", "post-deinstall", "pre-upgrade", "post-upgrade", "trigger",
	}
}

// MaxControl limits the segments before the files, in bytes of their content.
const MaxControl = 16 << 20

// maxSignatures limits the segments in front of the control segment; real packages have
// one.
const maxSignatures = 4

// Open reads what a package of size bytes has before its files.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	a := &Archive{r: r, Size: size}
	var start [6]byte
	if _, err := r.ReadAt(start[:], 0); err == nil && bytes.HasPrefix(start[:], []byte("ADB")) {
		return nil, fmt.Errorf("%w: it is one of format 3, which is not supported", ErrFormat)
	}
	for offset, n := int64(0), 0; ; n++ {
		if n > maxSignatures {
			return nil, fmt.Errorf("read package: %w: it has more than %d segments of signatures", ErrFormat, maxSignatures)
		}
		content, end, err := ReadMember(r, offset, size, MaxControl)
		if err != nil {
			return nil, fmt.Errorf("read package: %w: %w", ErrFormat, err)
		}
		first, err := tar.NewReader(bytes.NewReader(content)).Next()
		if err != nil {
			return nil, fmt.Errorf("read package: %w: %w", ErrFormat, noEOF(err))
		}
		if !strings.HasPrefix(first.Name, signaturePrefix) {
			raw := make([]byte, end-offset)
			if _, err := r.ReadAt(raw, offset); err != nil {
				return nil, fmt.Errorf("read package: %w", noEOF(err))
			}
			a.Checksum, a.data = control.Q1(raw), end
			return a, a.control(content)
		}
		offset = end
	}
}

// control reads .PKGINFO and the scripts.
func (a *Archive) control(content []byte) error {
	found := map[string][]byte{}
	left := int64(MaxControl) // sparse files are more than the segment
	r := tar.NewReader(bytes.NewReader(content))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read package: control segment: %w", noEOF(err))
		}
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag == tar.TypeXGlobalHeader || h.Typeflag == tar.TypeDir {
			continue
		}
		if h.Typeflag != tar.TypeReg || !strings.HasPrefix(name, ".") || strings.Contains(name, "/") {
			return fmt.Errorf("read package: %w: its control segment has %.80q", ErrFormat, h.Name)
		}
		if _, twice := found[name]; twice {
			return fmt.Errorf("read package: %w: its control segment has %s twice", ErrFormat, name)
		}
		if found[name], err = ReadEntry(r, left); err != nil {
			return fmt.Errorf("read package: %s: %w", name, noEOF(err))
		}
		left -= int64(len(found[name]))
	}
	info, ok := found[".PKGINFO"]
	if !ok {
		return fmt.Errorf("read package: %w: it has no .PKGINFO", ErrFormat)
	}
	for _, name := range ScriptNames() {
		if body, ok := found["."+name]; ok {
			a.Scripts = append(a.Scripts, Script{Name: name, Body: body})
		}
	}
	var err error
	a.Info, err = control.ParseInfo(string(info))
	return err
}

// DataSize is the size in bytes of the segment of files, compressed.
func (a *Archive) DataSize() int64 { return a.Size - a.data }

// Data opens the tar archive of the package's files. Its end is an error, if
// the segment isn't the one that .PKGINFO has the hash of.
func (a *Archive) Data() (io.Reader, error) {
	sum := sha256.New()
	raw := io.TeeReader(io.NewSectionReader(a.r, a.data, a.Size-a.data), sum)
	z, err := gzip.NewReader(raw)
	if err != nil {
		return nil, fmt.Errorf("read package: files: %w", noEOF(err))
	}
	return &dataReader{z: z, raw: raw, sum: sum, want: a.Info.DataHash}, nil
}

// CheckData holds the segment of files to the hash that .PKGINFO has, without
// decompressing it.
func (a *Archive) CheckData() error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(a.r, a.data, a.Size-a.data)); err != nil {
		return fmt.Errorf("read package: files: %w", err)
	}
	return checkHash(sum, a.Info.DataHash)
}

// A dataReader checks the hash when the stream has ended.
type dataReader struct {
	z    *gzip.Reader
	raw  io.Reader
	sum  hash.Hash
	want string
	done error
}

func (d *dataReader) Read(p []byte) (int, error) {
	if d.done != nil {
		return 0, d.done
	}
	n, err := d.z.Read(p)
	switch {
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		d.done = d.check()
	case err != nil:
		d.done = fmt.Errorf("read package: files: %w", err)
	}
	return n, d.done
}

func (d *dataReader) check() error {
	if _, err := io.Copy(io.Discard, d.raw); err != nil {
		return err
	}
	if err := checkHash(d.sum, d.want); err != nil {
		return err
	}
	return io.EOF
}

// checkHash compares the sum of the segment of files with what .PKGINFO wants.
func checkHash(sum hash.Hash, want string) error {
	switch got := hex.EncodeToString(sum.Sum(nil)); want {
	case got:
		return nil
	case "":
		return fmt.Errorf("read package: files: %w: .PKGINFO has no datahash to hold them to", control.ErrChecksum)
	default:
		return fmt.Errorf("read package: files: %w: they have the SHA-256 %s, .PKGINFO says %s", control.ErrChecksum, got, want)
	}
}

// FileChecksum is the checksum that the archive of files has for one of them, or
// empty.
func FileChecksum(h *tar.Header) (string, error) {
	text, ok := h.PAXRecords["APK-TOOLS.checksum.SHA1"]
	if !ok {
		return "", nil
	}
	return control.Q1OfHex(text)
}
