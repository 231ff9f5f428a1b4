// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"fmt"
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
		out = append(out, strings.Join([]string{e.File, e.Name, e.Version, e.Arch, strconv.FormatInt(e.Size, 10)}, "/"))
	}
	return out
}

// ParseExpected reads a value of the flag.
func ParseExpected(word string) (Expected, error) {
	parts := strings.Split(word, "/")
	if len(parts) != 5 {
		return Expected{}, fmt.Errorf("read what is expected of a package: %q has %d parts", word, len(parts))
	}
	size, err := strconv.ParseInt(parts[4], 10, 64)
	if err != nil {
		return Expected{}, fmt.Errorf("read what is expected of a package: %w", err)
	}
	return Expected{File: parts[0], Name: parts[1], Version: parts[2], Arch: parts[3], Size: size}, nil
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

// CheckSize compares a package's file with what is expected of it; size is in bytes.
func (e Expected) CheckSize(size int64) error {
	if e.Size != 0 && e.Size != size {
		return fmt.Errorf("%w: the file of %s %s has %d bytes, and the index says %d", ErrNotIndexed, e.Name, e.Version, size, e.Size)
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
