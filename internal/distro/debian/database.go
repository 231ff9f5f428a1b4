// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
)

var _ distro.Database = System{}

// IsDatabase reports whether a file is dpkg's database, or one of its pieces in images
// without dpkg.
func (System) IsDatabase(file string) bool {
	return file == "var/lib/dpkg/status" || path.Dir(file) == "var/lib/dpkg/status.d" && !strings.HasSuffix(file, ".md5sums")
}

// Versions yields what is installed.
func (System) Versions(text string) iter.Seq2[string, string] {
	return func(yield func(name, version string) bool) {
		in := control.Scanner{Text: text}
		for in.SkipEmpty(); in.Pos < len(in.Text); in.SkipEmpty() {
			var name, version string
			installed := true
			for key, value, ok := in.Next(); key != "" || !ok; key, value, ok = in.Next() {
				switch key {
				case "Package":
					name = value
				case "Version":
					version = value
				case "Status":
					installed = strings.HasSuffix(value, " installed")
				}
			}
			if name != "" && installed && !yield(name, version) {
				return
			}
		}
	}
}

// Installed are what dpkg has installed, or what the files of images without dpkg
// have.
func (s System) Installed(files map[string][]byte) ([]distro.Package, error) {
	var out []distro.Package
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !s.IsDatabase(name) {
			continue
		}
		all, err := control.ParseParagraphs(string(files[name]))
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", name, err)
		}
		for _, p := range all {
			status := p.Get("Status")
			key := p.Get("Package") + ":" + p.Get("Architecture")
			if status != "" && !strings.HasSuffix(status, " installed") || seen[key] {
				continue
			}
			seen[key] = true
			made := distro.Package{Name: p.Get("Package"), Version: p.Get("Version"), Arch: p.Get("Architecture")}
			if source := strings.Fields(p.Get("Source")); len(source) > 0 && source[0] != made.Name {
				made.Source = source[0]
			}
			out = append(out, made)
		}
	}
	return out, nil
}
