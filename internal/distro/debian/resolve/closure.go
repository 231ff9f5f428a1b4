// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// Closure returns the names of the solution's packages that these names need,
// themselves included, sorted: what depends, pre-depends or, where recommended
// packages were taken, recommends leads to.
func (s *Solution) Closure(names []string) []string {
	byName := map[string]*Package{}
	providers := map[string][]string{} // by the name without an architecture
	for i := range s.Packages {
		p := &s.Packages[i]
		byName[p.Name] = p
		provides, err := control.ParseRelations(control.Value(p.Control, "Provides"))
		if err != nil {
			continue // Resolve has read it already
		}
		for _, group := range provides {
			providers[group[0].Name] = append(providers[group[0].Name], p.Name)
		}
	}
	seen := map[string]bool{}
	todo := slices.Clone(names)
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		group, _ := index.Unqualified(name)
		p := byName[name]
		if p == nil {
			p = byName[group] // of another architecture, for all of them
		}
		found := providers[group]
		if p != nil {
			name = p.Name
			found = nil
			if !seen[name] {
				seen[name] = true
				todo = append(todo, p.needs()...)
			}
		}
		for _, provider := range found {
			if !seen[provider] {
				todo = append(todo, provider)
			}
		}
	}
	out := make([]string, 0, len(seen))
	for name := range seen {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// needs are all names in the package's relations to others it wants. Those that
// were not chosen are not in the solution.
func (p *Package) needs() []string {
	var out []string
	_, foreign := index.Unqualified(p.Name)
	for _, field := range []string{"Pre-Depends", "Depends", "Recommends"} {
		groups, err := control.ParseRelations(control.Value(p.Control, field))
		if err != nil {
			continue // Resolve has read it already
		}
		for _, group := range groups {
			for _, r := range group {
				arch := r.Qualifier
				if arch == "" {
					arch = foreign
				}
				out = append(out, index.Qualified(r.Name, arch))
			}
		}
	}
	return out
}
