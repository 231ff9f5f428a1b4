// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
)

var _ distro.Database = System{}

// Fields are those of dpkg's database, or of its pieces in images without dpkg.
func (System) Fields(file string) (distro.Fields, bool) {
	fields := distro.Fields{Name: "Package", Version: "Version"}
	single := path.Dir(file) == "var/lib/dpkg/status.d" && !strings.HasSuffix(file, ".md5sums")
	return fields, single || file == "var/lib/dpkg/status"
}

// Installed are what dpkg has installed, or what the files of images without dpkg
// have.
func (s System) Installed(files map[string][]byte) ([]distro.Package, error) {
	var out []distro.Package
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, ok := s.Fields(name); !ok {
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
