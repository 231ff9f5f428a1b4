// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"fmt"
	"slices"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/control"
)

var _ distro.Database = System{}

// Fields are those of apk's list of installed packages.
func (System) Fields(file string) (distro.Fields, bool) {
	return distro.Fields{Name: "P", Version: "V"}, slices.Contains(databases(), "/"+file)
}

// Installed are what apk has installed.
func (System) Installed(files map[string][]byte) ([]distro.Package, error) {
	var out []distro.Package
	for _, name := range databases() {
		text := files[name[1:]]
		if len(text) == 0 {
			continue
		}
		err := control.ReadRecords(string(text), func(r *control.Record) error {
			made := distro.Package{Name: r.Name, Version: r.Version, Arch: r.Arch}
			if r.Origin != r.Name {
				made.Source = r.Origin
			}
			out = append(out, made)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return out, nil
	}
	return nil, nil
}
