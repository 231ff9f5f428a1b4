// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// Closure returns the names of the solution's packages that these names need,
// themselves included, sorted. What came by install_if belongs to whoever makes
// that true.
func (s *Solution) Closure(names []string) []string {
	providers := map[string][]*Package{}
	conditions := map[*Package][]string{}
	for i := range s.Packages {
		p := &s.Packages[i]
		providers[p.Name] = append(providers[p.Name], p)
		for _, name := range relationNames(p.field('p')) {
			providers[name] = append(providers[name], p)
		}
		conditions[p] = relationNames(p.field('i'))
	}
	seen := map[*Package]bool{}
	have := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		for _, p := range providers[name] {
			if seen[p] {
				continue
			}
			seen[p] = true
			for _, provided := range append(relationNames(p.field('p')), p.Name) {
				have[provided] = true
			}
			for _, need := range relationNames(p.field('D')) {
				visit(need)
			}
		}
	}
	for _, name := range names {
		visit(name)
	}
	for before := -1; before != len(seen); {
		before = len(seen)
		for i := range s.Packages {
			p := &s.Packages[i]
			missing := func(name string) bool { return !have[name] && len(providers[name]) > 0 }
			if len(conditions[p]) > 0 && !slices.ContainsFunc(conditions[p], missing) && slices.ContainsFunc(conditions[p], func(name string) bool { return have[name] }) {
				visit(p.Name)
			}
		}
	}
	out := make([]string, 0, len(seen))
	for p := range seen {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return out
}

// field returns the value of a field of the package's record.
func (p *Package) field(letter byte) string {
	for line := range strings.Lines(p.Record) {
		if len(line) > 2 && line[0] == letter && line[1] == ':' {
			return strings.TrimSuffix(line[2:], "\n")
		}
	}
	return ""
}

// relationNames are the names in relations, without what must not be there.
func relationNames(text string) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		if r, err := control.ParseRelation(word); err == nil && !r.Conflict {
			out = append(out, r.Name)
		}
	}
	return out
}
