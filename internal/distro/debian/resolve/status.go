// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
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
	// edges are the relations of what is installed, by the name they are about.
	edges map[string][]edge
	// architectures are those of the packages, each with the name of one.
	architectures map[string]string
	// broken are relations that nothing installed fulfils.
	broken []string
}

// An edge is a relation of an installed package.
type edge struct {
	record int32
	kind   kind
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
func ReadStatus(r io.Reader) (*Status, error) {
	text, err := readText(r, 0)
	if err != nil {
		return nil, fmt.Errorf("read the base's package status: %w", err)
	}
	x := newIndex(text, IndexOptions{Repository: "the base's package status", Priority: installedPriority})
	s := &Status{index: x, held: map[string]bool{}}
	f := fields{text: text}
	for f.skipEmpty(); f.pos < len(f.text); f.skipEmpty() {
		start := f.pos
		var c control
		if ok, bad := c.read(&f); !ok {
			return nil, x.fail(f.pos, "%q is no field: expected \"Name: value\"", excerpt(bad))
		}
		installed, err := s.installed(&c)
		if err != nil {
			return nil, err
		}
		if !installed {
			continue
		}
		if err := x.add(&c, start, f.pos); err != nil {
			return nil, err
		}
	}
	s.link()
	return s, nil
}

// link notes who depends on what, and what is broken to begin with.
func (s *Status) link() {
	s.edges = make(map[string][]edge, 4*len(s.index.records))
	s.architectures = map[string]string{}
	for i := range s.index.records {
		n := int32(i) //nolint:gosec // the index of a record
		c := s.index.control(n)
		if _, ok := s.architectures[c.architecture]; !ok {
			s.architectures[c.architecture] = c.name
		}
		for k := range suggests {
			groups, err := ParseRelations(c.relations[k])
			if err != nil {
				s.broken = append(s.broken, c.name+" ("+err.Error()+")")
				continue
			}
			for _, g := range groups {
				for _, r := range g {
					name := r.Name
					if r.Qualifier == "any" {
						name += anyArchitecture
					}
					s.edges[name] = append(s.edges[name], edge{n, k})
				}
			}
		}
	}
	u := newUniverse(&Request{Installed: s, Architecture: s.native()})
	solver := &solver{universe: u}
	for _, p := range u.installed() {
		if g := solver.brokenNow(p); g != nil {
			s.broken = append(s.broken, p.name+" ("+g.kind.String()+": "+g.any.String()+")")
		}
	}
	slices.Sort(s.broken)
}

// native returns the architecture of the packages that have one.
func (s *Status) native() string {
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
func (s *Status) installed(c *control) (bool, error) {
	if c.status == "" {
		return true, nil
	}
	words := strings.Fields(c.status)
	if len(words) != 3 {
		return false, &BrokenInstallError{Name: c.name, Status: c.status}
	}
	switch words[2] {
	case "not-installed", "config-files":
		return false, nil
	case "installed":
		if words[1] == "ok" {
			s.held[c.name] = words[0] == "hold"
			return true, nil
		}
	}
	return false, &BrokenInstallError{Name: c.name, Status: c.status}
}

// Packages returns what is installed, in the order of the database.
func (s *Status) Packages() []Installed {
	if s == nil || s.index == nil {
		return nil
	}
	all := make([]Installed, 0, len(s.index.records))
	for i := range s.index.records {
		raw := s.index.raw(int32(i))   //nolint:gosec // the index of a record
		c := s.index.control(int32(i)) //nolint:gosec // the index of a record
		all = append(all, Installed{
			Name: c.name, Version: c.version, Architecture: c.architecture, Essential: c.essential,
			Held: s.held[c.name], Conffiles: rawField(raw, "Conffiles"), Control: raw,
		})
	}
	return all
}

// rawField returns the value of a field of a paragraph.
func rawField(paragraph, name string) string {
	f := fields{text: paragraph}
	for {
		key, value, ok := f.next()
		if !ok || key == "" {
			return ""
		}
		if strings.EqualFold(key, name) {
			return value
		}
	}
}
