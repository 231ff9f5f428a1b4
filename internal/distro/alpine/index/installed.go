// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"slices"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/spell"
)

// An Installed is apk's database of what is installed. The zero value and nil
// are an empty one.
type Installed struct {
	records []*control.Record
}

// ReadInstalled reads the text of /lib/apk/db/installed, which newer bases have
// in /usr/lib/apk/db. Packages that were left half-way are a BrokenBaseError.
func ReadInstalled(text string) (*Installed, error) {
	in := &Installed{}
	var broken []string
	err := control.ReadRecords(text, func(r *control.Record) error {
		if r.Broken != "" {
			broken = append(broken, r.Name)
		}
		in.records = append(in.records, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the base's installed packages: %w", err)
	}
	if len(broken) > 0 {
		slices.Sort(broken)
		return nil, &BrokenBaseError{Packages: broken}
	}
	return in, nil
}

// Records returns what is installed, in the order of the database.
func (in *Installed) Records() []*control.Record {
	if in == nil {
		return nil
	}
	return in.records
}

// BrokenBaseError is a base in which something was left half-way.
type BrokenBaseError struct {
	Packages []string // sorted
}

// Error lists the packages and says how to mend them.
func (e *BrokenBaseError) Error() string {
	return "resolve the packages: the base has packages that apk could not install wholly: " + spell.List(e.Packages, "and") +
		"; run \"apk fix\" where the base is built, or take another base"
}
