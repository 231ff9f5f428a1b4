// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/control"
)

var _ distro.Database = System{}

// IsDatabase reports whether a file is apk's list of installed packages.
func (System) IsDatabase(file string) bool { return slices.Contains(databases(), "/"+file) }

// Versions yields what is installed.
func (System) Versions(text string) iter.Seq2[string, string] {
	return func(yield func(name, version string) bool) {
		for record := range strings.SplitSeq(text, "\n\n") {
			var name, version string
			for line := range strings.Lines(record) {
				switch key, value, _ := strings.Cut(strings.TrimSpace(line), ":"); key {
				case "P":
					name = value
				case "V":
					version = value
				}
			}
			if name != "" && !yield(name, version) {
				return
			}
		}
	}
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
