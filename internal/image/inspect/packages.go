// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"io"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
)

const (
	// databaseLimit is how much of a package database is read, in bytes.
	databaseLimit = 64 << 20
	// databasesLimit is how many bytes all those of an image may have that are kept.
	databasesLimit = 256 << 20
)

// databaseOf returns the package database that a file of an image is part of, or nil.
func databaseOf(name string) distro.Database {
	for _, system := range systems.All() {
		if db, ok := system.(distro.Database); ok && db.IsDatabase(name) {
			return db
		}
	}
	return nil
}

// readPackages reads a file if it is a package database.
func (s *scan) readPackages(name string, r io.Reader) error {
	db := databaseOf(name)
	if db == nil {
		return nil
	}
	if s.packages == nil {
		s.packages = map[string]string{}
	}
	return s.readDatabase(io.LimitReader(r, databaseLimit), db)
}

// readDatabase reads what a database has installed.
func (s *scan) readDatabase(r io.Reader, db distro.Database) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for name, version := range db.Versions(string(text)) {
		s.packages[name] = version
	}
	return nil
}

// changed lists the packages that are other than before, and updates what is
// before.
func (s *scan) changed(before map[string]string) []string {
	var out []string
	for name, version := range s.packages {
		if old, ok := before[name]; !ok || old != version {
			out = append(out, strings.TrimSpace(name+" "+version))
		}
		before[name] = version
	}
	slices.Sort(out)
	return out
}
