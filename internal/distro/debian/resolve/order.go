// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// noteOrder adds the choices between alternatives that another order of the requests
// would have made in another way: for apt-get the order of its arguments decides, and
// here it must not.
func (s *Solution) noteOrder(other *Solution) {
	for i := range s.Packages {
		p := &s.Packages[i]
		if p.Reason.By == "" || other.has(p.Name) || slices.ContainsFunc(s.Ties, func(t Tie) bool { return t.Chosen == p.Name }) {
			continue
		}
		instead := other.fulfilling(p.Reason.Relation)
		if len(instead) > 0 {
			s.Ties = append(s.Ties, Tie{By: p.Reason.By, Relation: p.Reason.Relation, Chosen: p.Name, Equal: instead})
		}
	}
	slices.SortFunc(s.Ties, func(a, b Tie) int { return strings.Compare(a.Chosen, b.Chosen) })
}

// fulfilling returns the names of the packages, sorted, that fulfil alternatives by
// their own names or by what they provide.
func (s *Solution) fulfilling(alternatives string) []string {
	groups, err := control.ParseRelations(alternatives)
	if err != nil || len(groups) != 1 {
		return nil // Resolve has read it already
	}
	var names []string
	for i := range s.Packages {
		p := &s.Packages[i]
		name, _ := index.Unqualified(p.Name)
		stands := control.Alternatives{{Name: name, Version: p.Version}}
		if provides, err := control.ParseRelations(control.Value(p.Control, "Provides")); err == nil {
			stands = append(stands, slices.Concat(provides...)...)
		}
		if slices.ContainsFunc(stands, func(as control.Relation) bool { return fulfils(as, groups[0]) }) {
			names = append(names, p.Name)
		}
	}
	return names // as the packages are
}

// has reports whether a package is to be installed.
func (s *Solution) has(name string) bool {
	return slices.ContainsFunc(s.Packages, func(p Package) bool { return p.Name == name })
}

// fulfils reports whether a name that a package goes by, in a version or in none, is
// one of some alternatives.
func fulfils(as control.Relation, alternatives control.Alternatives) bool {
	return slices.ContainsFunc(alternatives, func(r control.Relation) bool {
		return r.Name == as.Name && (r.Op == control.Any || as.Version != "" && r.Op.Holds(as.Version, r.Version))
	})
}
