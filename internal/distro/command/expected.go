// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// Expected is what the index, or the lock, says of a package's file. What is empty
// isn't known, and so isn't compared.
type Expected struct {
	// File is the file's name in its directory.
	File                string
	Name, Version, Arch string
	// Size is the file's, in bytes.
	Size int64
	// SHA256 is the file's, in hex, where nothing else holds the file to it.
	SHA256 string
}

// ErrNotIndexed is in errors about packages that aren't what their index says.
var ErrNotIndexed = errors.New("the package isn't what its index says")

// ExpectFlag is the flag that has one Expected each time.
const ExpectFlag = "expect"

// Words are the values of a flag for each package. None of their parts can have a
// slash.
func Words(all []Expected) []string {
	var out []string
	for _, e := range all {
		parts := []string{e.File, e.Name, e.Version, e.Arch, strconv.FormatInt(e.Size, 10)}
		if e.SHA256 != "" {
			parts = append(parts, e.SHA256)
		}
		out = append(out, strings.Join(parts, "/"))
	}
	return out
}

// ParseExpected reads a value of the flag.
func ParseExpected(word string) (Expected, error) {
	parts := strings.Split(word, "/")
	if len(parts) != 5 && len(parts) != 6 {
		return Expected{}, fmt.Errorf("read what is expected of a package: %q has %d parts", word, len(parts))
	}
	size, err := strconv.ParseInt(parts[4], 10, 64)
	if err != nil {
		return Expected{}, fmt.Errorf("read what is expected of a package: %w", err)
	}
	e := Expected{File: parts[0], Name: parts[1], Version: parts[2], Arch: parts[3], Size: size}
	if len(parts) == 6 {
		e.SHA256 = parts[5]
	}
	return e, nil
}

// Packages is a flag that adds an Expected each time.
type Packages []Expected

// String is empty: the flag has no default.
func (p *Packages) String() string { return "" }

// Set adds a package.
func (p *Packages) Set(word string) error {
	e, err := ParseExpected(word)
	if err == nil {
		*p = append(*p, e)
	}
	return err
}

// Of is what is expected of a file; nothing if nothing is known.
func Of(all []Expected, file string) Expected {
	for _, e := range all {
		if e.File == filepath.Base(file) {
			return e
		}
	}
	return Expected{}
}

// CheckFile compares a package's file with what is expected of it; size is in bytes.
func (e Expected) CheckFile(r io.ReaderAt, size int64) error {
	if e.SHA256 != "" {
		return e.checkSum(r, size)
	}
	if e.Size != 0 && e.Size != size {
		return fmt.Errorf("%w: the file of %s %s has %d bytes, and the index says %d", ErrNotIndexed, e.Name, e.Version, size, e.Size)
	}
	return nil
}

// ErrChanged is in errors about package files that aren't what they were.
var ErrChanged = errors.New("the package's file isn't the one that was resolved")

// checkSum compares a file with what it was when packages were resolved.
func (e Expected) checkSum(r io.ReaderAt, size int64) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size)); err != nil {
		return fmt.Errorf("read the file of %s %s: %w", e.Name, e.Version, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != e.SHA256 {
		return fmt.Errorf("%w: that of %s %s has the SHA-256 %s now, and had %s", ErrChanged, e.Name, e.Version, got, e.SHA256)
	}
	return nil
}

// Check compares what a package says of itself with what is expected of its file.
func (e Expected) Check(name, version, arch string) error {
	for _, field := range []struct{ what, got, want string }{{"name", name, e.Name}, {"version", version, e.Version}, {"architecture", arch, e.Arch}} {
		if field.want != "" && field.got != field.want {
			return fmt.Errorf("%w: the %s of %s %s is %q, and the index says %q", ErrNotIndexed, field.what, e.Name, e.Version, field.got, field.want)
		}
	}
	return nil
}
