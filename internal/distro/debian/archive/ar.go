// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
	// maxMembers is many more than the three that a package has; the rest may be
	// signatures.
	maxMembers = 16
)

// ErrFormat is in every error about an archive that is not a Debian package.
var ErrFormat = errors.New("not a Debian package")

// A member is one file of an ar archive.
type member struct {
	name string
	data *io.SectionReader
}

// members lists an ar archive of size bytes up to the package's files: as dpkg, it
// doesn't look at what follows. Names end in a slash in some dialects; extended names
// exist in others and are refused.
func members(r io.ReaderAt, size int64) ([]member, error) {
	magic := make([]byte, len(arMagic))
	if _, err := r.ReadAt(magic, 0); err != nil || string(magic) != arMagic {
		return nil, fmt.Errorf("%w: it doesn't begin as an ar archive", ErrFormat)
	}
	var found []member
	for at := int64(len(arMagic)); at < size; {
		if len(found) == maxMembers {
			return nil, fmt.Errorf("%w: it has more than %d members", ErrFormat, maxMembers)
		}
		header := make([]byte, arHeaderSize)
		if _, err := r.ReadAt(header, at); err != nil {
			return nil, fmt.Errorf("%w: it ends within a member's header", ErrFormat)
		}
		at += arHeaderSize
		name, length, err := arHeader(header)
		if err != nil {
			return nil, err
		}
		if length > size-at {
			return nil, fmt.Errorf("%w: its member %q claims %d bytes and %d are left", ErrFormat, name, length, size-at)
		}
		found = append(found, member{name: name, data: io.NewSectionReader(r, at, length)})
		if isTar(name, "data") {
			break
		}
		at += length + length%2
	}
	return found, nil
}

// arHeader reads a member's name and its length in bytes.
func arHeader(header []byte) (string, int64, error) {
	if !bytes.HasSuffix(header, []byte("`\n")) {
		return "", 0, fmt.Errorf("%w: a member's header ends in the wrong bytes", ErrFormat)
	}
	name := strings.TrimSuffix(strings.TrimRight(string(header[:16]), " "), "/")
	if name == "" || strings.ContainsAny(name, "/ ") {
		return "", 0, fmt.Errorf("%w: it has a member called %q", ErrFormat, strings.TrimRight(string(header[:16]), " "))
	}
	digits := strings.TrimRight(string(header[48:58]), " ")
	length := int64(0)
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return "", 0, fmt.Errorf("%w: its member %q claims %q bytes", ErrFormat, name, digits)
		}
		length = length*10 + int64(c-'0')
	}
	if digits == "" {
		return "", 0, fmt.Errorf("%w: its member %q doesn't say how long it is", ErrFormat, name)
	}
	return name, length, nil
}
