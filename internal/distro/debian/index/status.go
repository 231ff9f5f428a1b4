// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// An Installed package is one of the base.
type Installed struct {
	Name         string
	Version      string
	Architecture string
	Essential    bool
	Held         bool   // marked "hold": it is neither replaced nor removed
	Conffiles    string // the field of that name, with its line breaks
	Control      string // the whole paragraph
}

// A Status is dpkg's database of what is installed. The zero value and nil are
// an empty one.
type Status struct {
	index *Index
	held  map[string]bool
	// dependents are the relations of what is installed, by the name they are about.
	dependents map[string][]Dependent
	// architectures are those of the packages, each with the name of one.
	architectures map[string]string
	unreadable    []string
}

// A Dependent is an installed package with a relation about a name.
type Dependent struct {
	Record int32
	Kind   control.Kind
}

// A BrokenInstallError is a package of the base that dpkg left half-way.
type BrokenInstallError struct {
	Name   string
	Status string // the field, such as "install ok half-configured"
}

// Error says what is broken and what to run.
func (e *BrokenInstallError) Error() string {
	return fmt.Sprintf("the base's package %s is %q: run \"dpkg --configure -a\" and \"apt-get -f install\" "+
		"where the base is built, or take another base", e.Name, e.Status)
}

// ReadStatus reads the text of /var/lib/dpkg/status, or of files like it one
// after the other. Packages that were removed do not count, those that are not
// wholly installed are a BrokenInstallError.
func ReadStatus(r io.Reader) (*Status, error) { return ReadStatusWith(r, nil) }

// ReadStatusWith is ReadStatus for a base that takes packages of foreign architectures,
// too. These are listed as name:architecture.
func ReadStatusWith(r io.Reader, foreign []string) (*Status, error) {
	text, err := readText(r, 0)
	if err != nil {
		return nil, fmt.Errorf("read the base's package status: %w", err)
	}
	x := newIndex(text, Options{Repository: "the base's package status", Priority: installedPriority, Foreign: foreign})
	s := &Status{index: x, held: map[string]bool{}}
	f := control.Scanner{Text: text}
	for f.SkipEmpty(); f.Pos < len(f.Text); f.SkipEmpty() {
		start := f.Pos
		var c Entry
		if ok, bad := c.read(&f); !ok {
			return nil, x.fail(f.Start, "%.60q is not a field: expected \"Name: value\"", bad)
		}
		installed, err := s.installed(&c)
		if err != nil {
			return nil, err
		}
		if !installed {
			continue
		}
		if err := x.add(&c, start, f.Pos); err != nil {
			return nil, err
		}
	}
	s.link()
	return s, nil
}

// link notes who depends on what.
func (s *Status) link() {
	s.dependents = make(map[string][]Dependent, 4*len(s.index.records))
	s.architectures = map[string]string{}
	for i := range s.index.records {
		n := int32(i) //nolint:gosec // the index of a record
		c := s.index.Entry(n)
		if _, ok := s.architectures[c.Architecture]; !ok {
			s.architectures[c.Architecture] = c.Name
		}
		for k := range control.Suggests {
			groups, err := control.ParseRelations(c.Relations[k])
			if err != nil {
				s.unreadable = append(s.unreadable, c.Name+" ("+err.Error()+")")
				continue
			}
			for _, g := range groups {
				for _, r := range g {
					name := r.Name
					if r.Qualifier == "any" {
						name += control.AnyArchitecture
					}
					s.dependents[name] = append(s.dependents[name], Dependent{n, k})
				}
			}
		}
	}
}

// Native returns the architecture of the packages that have one.
func (s *Status) Native() string {
	for _, arch := range slices.Sorted(maps.Keys(s.architectures)) {
		if arch != "all" {
			return arch
		}
	}
	return ""
}

// installedPriority is the pin priority of what is installed already.
const installedPriority = 100

// installed looks at the three words of the field Status. A paragraph without
// the field, as distroless images have them, is an installed package.
func (s *Status) installed(c *Entry) (bool, error) {
	if c.Status == "" {
		return true, nil
	}
	words := strings.Fields(c.Status)
	if len(words) != 3 {
		return false, &BrokenInstallError{Name: c.Name, Status: c.Status}
	}
	s.held[Qualified(c.Name, s.index.foreign(c))] = words[0] == "hold"
	switch words[2] {
	case "not-installed", "config-files":
		return false, nil
	case "installed":
		if words[1] == "ok" {
			return true, nil
		}
	}
	return false, &BrokenInstallError{Name: c.Name, Status: c.Status}
}

// Index is what is installed as an index, nil for an empty status.
func (s *Status) Index() *Index { return s.index }

// Held reports whether a package is neither to be replaced nor removed.
func (s *Status) Held(name string) bool { return s.held[name] }

// Dependents returns what is installed and has a relation about a name; to the
// name of one for any architecture belongs [control.AnyArchitecture].
func (s *Status) Dependents(name string) []Dependent { return s.dependents[name] }

// Architectures are those of the packages, each with the name of one.
func (s *Status) Architectures() map[string]string { return s.architectures }

// Unreadable are packages with a relation that can't be read, each with why.
func (s *Status) Unreadable() []string { return s.unreadable }

// Packages returns what is installed, in the order of the database.
func (s *Status) Packages() []Installed {
	if s == nil || s.index == nil {
		return nil
	}
	all := make([]Installed, 0, len(s.index.records))
	for i := range s.index.records {
		raw := s.index.Paragraph(int32(i)) //nolint:gosec // the index of a record
		c := s.index.Entry(int32(i))       //nolint:gosec // the index of a record
		all = append(all, Installed{
			Name: c.Name, Version: c.Version, Architecture: c.Architecture, Essential: c.Essential,
			Held: s.held[c.Name], Conffiles: control.Value(raw, "Conffiles"), Control: raw,
		})
	}
	return all
}
