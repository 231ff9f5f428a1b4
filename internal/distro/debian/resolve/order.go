// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
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
		var instead []string
		for _, name := range control.Names(strings.ReplaceAll(p.Reason.Relation, "|", ",")) {
			if name != p.Name && other.has(name) && !s.has(name) {
				instead = append(instead, name)
			}
		}
		if len(instead) > 0 {
			slices.Sort(instead)
			s.Ties = append(s.Ties, Tie{By: p.Reason.By, Relation: p.Reason.Relation, Chosen: p.Name, Equal: instead})
		}
	}
	slices.SortFunc(s.Ties, func(a, b Tie) int { return strings.Compare(a.Chosen, b.Chosen) })
}

// has reports whether a package is to be installed.
func (s *Solution) has(name string) bool {
	return slices.ContainsFunc(s.Packages, func(p Package) bool { return p.Name == name })
}
