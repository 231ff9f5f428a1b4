// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dpkg

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/deb"
)

// An order knows which of some packages need which others of them.
//
// What a script gives out in turn, such as numbers of accounts, depends on the
// order of the scripts, and it should be apt's. apt lets dpkg configure all
// packages at the end, in dpkg's own order, but for those that another package
// Pre-Depends on: they are configured, with what they need, before that one is
// unpacked.
type order struct {
	packages []*Package
	// named are the packages that have a name or provide it.
	named map[string][]*Package
}

// newOrder takes packages sorted by name, so that the order doesn't depend on
// how they came together.
func newOrder(packages []*Package) *order {
	o := &order{packages: packages, named: map[string][]*Package{}}
	for _, p := range packages {
		for _, name := range append(relationNames(p.Control.Get("Provides")), p.Name()) {
			o.named[name] = append(o.named[name], p)
		}
	}
	return o
}

// needs are those of the packages that a field of a package names.
func (o *order) needs(p *Package, field string) []*Package {
	var out []*Package
	for _, name := range relationNames(p.Control.Get(field)) {
		for _, q := range o.named[name] {
			if q != p && !slices.Contains(out, q) {
				out = append(out, q)
			}
		}
	}
	return out
}

// before are the packages that are configured before a package is unpacked, those
// that others of them need first.
func (o *order) before(p *Package) []*Package {
	seen := map[*Package]bool{p: true}
	var out []*Package
	var visit func(*Package)
	visit = func(q *Package) {
		if seen[q] {
			return
		}
		seen[q] = true
		for _, field := range []string{"Pre-Depends", "Depends"} {
			for _, r := range o.needs(q, field) {
				visit(r)
			}
		}
		out = append(out, q)
	}
	for _, q := range o.needs(p, "Pre-Depends") {
		visit(q)
	}
	return out
}

// early are the packages that are configured before some other one is unpacked.
func (o *order) early() []*Package {
	var out []*Package
	for _, p := range o.packages {
		for _, q := range o.before(p) {
			if !slices.Contains(out, q) {
				out = append(out, q)
			}
		}
	}
	return out
}

// unpack goes through all packages: each is unpacked after those that it
// Pre-Depends on were configured.
func (o *order) unpack(unpack, configure func(...*Package) error) error {
	unpacked, configured := map[*Package]bool{}, map[*Package]bool{}
	var free []*Package
	for _, p := range o.packages {
		if len(o.needs(p, "Pre-Depends")) == 0 {
			unpacked[p] = true
			free = append(free, p)
		}
	}
	if len(free) > 0 {
		if err := unpack(free...); err != nil {
			return err
		}
	}
	var visit func(*Package) error
	visit = func(p *Package) error {
		if unpacked[p] {
			return nil
		}
		unpacked[p] = true
		var waiting []*Package
		for _, q := range o.before(p) {
			if err := visit(q); err != nil {
				return err
			}
			if !configured[q] {
				configured[q] = true
				waiting = append(waiting, q)
			}
		}
		if len(waiting) > 0 {
			if err := configure(waiting...); err != nil {
				return err
			}
		}
		return unpack(p)
	}
	for _, p := range o.packages {
		if err := visit(p); err != nil {
			return err
		}
	}
	return nil
}

// relationNames are the names of packages in a relation field, without versions
// and architectures.
func relationNames(field string) []string {
	var out []string
	for _, one := range strings.FieldsFunc(field, func(r rune) bool { return r == ',' || r == '|' }) {
		one = strings.TrimSpace(one)
		if end := strings.IndexAny(one, " \t\n(:["); end >= 0 {
			one = one[:end]
		}
		if one != "" {
			out = append(out, one)
		}
	}
	return out
}

// described reads the paragraphs of package files; they are sorted by name, and
// the map has the file of each.
func described(files []string) ([]*Package, map[*Package]string, error) {
	var packages []*Package
	of := map[*Package]string{}
	for _, file := range files {
		control, err := readControl(file)
		if err != nil {
			return nil, nil, fmt.Errorf("read package %s: %w", filepath.Base(file), err)
		}
		p := &Package{Control: control.Fields, Info: control.InfoName()}
		packages = append(packages, p)
		of[p] = file
	}
	sortPackages(packages)
	return packages, of, nil
}

func readControl(file string) (*deb.Control, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	a, err := deb.Open(f, info.Size())
	if err != nil {
		return nil, err
	}
	return a.Control()
}

func sortPackages(all []*Package) {
	slices.SortFunc(all, func(a, b *Package) int { return strings.Compare(a.Info, b.Info) })
}
