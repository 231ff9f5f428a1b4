// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	packages "github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/debian/control"
)

// An order knows which of some packages need which others of them.
//
// What a script gives out in turn, such as numbers of accounts, depends on the
// order of the scripts, and it should be apt's. apt lets dpkg configure all
// packages at the end, in dpkg's own order, but for two kinds of them, which it
// configures early, with what they need: those that another package Pre-Depends
// on, before that one is unpacked, and those that an essential package names
// among its needs, or that one of these names, and so on, installed or not
// (pkgPackageManager::ImmediateAdd in apt's apt-pkg/packagemanager.cc).
type order struct {
	packages []*Package
	// installed are the paragraphs of what the base has.
	installed map[string]control.Paragraph
	// named are the packages that have a name or provide it.
	named map[string][]*Package
}

// newOrder takes packages sorted by name, so that the order doesn't depend on
// how they came together.
func newOrder(packages []*Package, installed map[string]control.Paragraph) *order {
	o := &order{packages: packages, installed: installed, named: map[string][]*Package{}}
	for _, p := range packages {
		for _, name := range append(control.Names(p.Control.Get("Provides")), p.Name()) {
			o.named[name] = append(o.named[name], p)
		}
	}
	return o
}

// needs are those of the packages that a field of a package names.
func (o *order) needs(p *Package, field string) []*Package {
	var out []*Package
	for _, name := range control.Names(p.Control.Get(field)) {
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
func (o *order) before(p *Package) []*Package { return o.through(p, "Pre-Depends") }

// all are the packages that a package needs, those that others of them need first.
func (o *order) all(p *Package) []*Package { return o.through(p, "Pre-Depends", "Depends") }

// through are the packages that some fields of a package name, and what these need.
func (o *order) through(p *Package, fields ...string) []*Package {
	w := walk{order: o, seen: map[*Package]bool{p: true}}
	for _, field := range fields {
		for _, q := range o.needs(p, field) {
			w.visit(q)
		}
	}
	return w.found
}

// A walk goes through packages and what they need, which comes first.
type walk struct {
	*order
	seen  map[*Package]bool
	found []*Package
}

func (w *walk) visit(p *Package) {
	if w.seen[p] {
		return
	}
	w.seen[p] = true
	for _, field := range []string{"Pre-Depends", "Depends"} {
		for _, q := range w.needs(p, field) {
			w.visit(q)
		}
	}
	w.found = append(w.found, p)
}

// early are the packages that are configured before all others.
func (o *order) early() []*Package {
	w := walk{order: o, seen: map[*Package]bool{}}
	essential := o.essential()
	for _, p := range o.packages {
		if essential[p.Name()] {
			w.visit(p)
		}
	}
	for _, p := range o.packages {
		for _, q := range o.before(p) {
			w.visit(q)
		}
	}
	return w.found
}

// essential are the names of the packages that are essential, or protected, and of
// all that they name among their needs.
func (o *order) essential() map[string]bool {
	controls := map[string][]control.Paragraph{}
	for _, p := range o.installed {
		controls[p.Get("Package")] = append(controls[p.Get("Package")], p)
	}
	for _, p := range o.packages {
		controls[p.Name()] = append(controls[p.Name()], p.Control)
	}
	found := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		if found[name] {
			return
		}
		found[name] = true
		for _, p := range controls[name] {
			for _, field := range []string{"Pre-Depends", "Depends"} {
				for _, other := range control.Names(p.Get(field)) {
					add(other)
				}
			}
		}
	}
	for name, all := range controls {
		for _, p := range all {
			if p.Get("Essential") == "yes" || p.Get("Protected") == "yes" || p.Get("Important") == "yes" {
				add(name)
			}
		}
	}
	return found
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

func readControl(file string) (*archive.Control, error) { return expectedControl(file, nil) }

// expectedControl reads what a package says of itself, which must be what is expected
// of its file.
func expectedControl(file string, expected []packages.Expected) (*archive.Control, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	_, c, err := open(f, file, info.Size(), expected)
	return c, err
}

func sortPackages(all []*Package) {
	slices.SortFunc(all, func(a, b *Package) int { return strings.Compare(a.Info, b.Info) })
}
