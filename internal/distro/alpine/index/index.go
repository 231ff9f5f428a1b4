// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// Options say where an index comes from.
type Options struct {
	Repository   string // an id for messages and the lock, no address
	Tag          string // only packages that are asked for with @tag may come from it
	Architecture string // the directory that it is in, such as x86_64
	// MaxBytes bounds the text, 1 GiB when 0.
	MaxBytes int64
	// Trusted reads an index whatever its signature, and without one.
	Trusted bool
}

// An Index is the packages of one repository for one architecture. It is
// read-only and may be used by several resolutions at a time.
type Index struct {
	opts    Options
	file    signed
	records []*control.Record
}

// ReadIndex checks the signature of an APKINDEX.tar.gz, unless it is trusted without
// one, and reads it.
func ReadIndex(data []byte, keys Keys, opts Options) (*Index, error) {
	read := func() (*signed, error) { return readSigned(data, keys, opts.MaxBytes) }
	if opts.Trusted {
		read = func() (*signed, error) { return readMembers(data, 0, opts.MaxBytes) }
	}
	file, err := read()
	if err != nil {
		return nil, fmt.Errorf("repository %s: %w", opts.Repository, err)
	}
	return newIndex(*file, opts)
}

// ParseIndex reads the text of an index that needs no signature.
func ParseIndex(text string, opts Options) (*Index, error) {
	return newIndex(signed{text: text}, opts)
}

func newIndex(file signed, opts Options) (*Index, error) {
	x := &Index{opts: opts, file: file}
	err := control.ReadRecords(file.text, func(r *control.Record) error {
		r.Tag, r.Broken, r.Replaces, r.ReplacesPriority = "", "", "", 0 // they count in a database only
		x.records = append(x.records, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("repository %s: read APKINDEX: %w", opts.Repository, err)
	}
	return x, nil
}

// Len returns how many packages the index lists.
func (x *Index) Len() int { return len(x.records) }

// Options returns where the index comes from.
func (x *Index) Options() Options { return x.opts }

// Records returns the packages, in the order of the index.
func (x *Index) Records() []*control.Record { return x.records }

// Description is what the archive calls the state of the index, often a version.
func (x *Index) Description() string { return x.file.description }

// Signers are the names of the keys that signed the index.
func (x *Index) Signers() []string { return x.file.signers }

// Path is where a package is, below the repository's address. Packages without
// an architecture are beside the others.
func (x *Index) Path(r *control.Record) string { return x.opts.Architecture + "/" + r.FileName() }
