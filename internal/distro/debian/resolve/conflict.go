// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import "slices"

// explainConflict looks for two versions that both cannot be avoided and that
// exclude each other.
func (s *solver) explainConflict(wanted []request) error {
	links, order := s.unavoidable(wanted)
	for _, v := range order {
		groups := s.requirements(v)
		for i := range groups {
			g := &groups[i]
			if !g.kind.Negative() {
				continue
			}
			for _, other := range order {
				if other.pkg != v.pkg && s.excludes(g, other) {
					return conflictOf(links[v], links[other], g)
				}
			}
			if err := s.baseConflict(links[v], g); err != nil {
				return err
			}
		}
	}
	return nil
}

// unavoidable returns the versions that the requests need without an alternative,
// the nearest to the requests first, each with the way to it.
func (s *solver) unavoidable(wanted []request) (map[*version]*link, []*version) {
	links := map[*version]*link{}
	var order []*version
	visit := func(l *link) {
		if links[l.v] == nil {
			links[l.v] = l
			order = append(order, l.v)
		}
	}
	for _, w := range wanted {
		visit(&link{v: w.version})
	}
	for n := 0; n < len(order); n++ {
		groups := s.requirements(order[n])
		for i := range groups {
			g := &groups[i]
			if g.kind.Negative() || !g.kind.Critical() {
				continue
			}
			if options := s.anyVersions(g); len(options) == 1 {
				visit(&link{from: links[order[n]], v: options[0], g: g})
			}
		}
	}
	return links, order
}

// excludes reports whether a prohibition means a version.
func (s *solver) excludes(g *group, v *version) bool {
	r := &g.any[0]
	target := s.lookup(s.target(r))
	if v.pkg == target && r.Op.Holds(v.Version, r.Version) {
		return true
	}
	return slices.ContainsFunc(s.allProviders(target), func(p provider) bool { return p.owner == v && p.holds(r) })
}

// root returns the request at the start of the way.
func (l *link) root() string {
	for l.from != nil {
		l = l.from
	}
	return l.v.Name
}

func conflictOf(one, other *link, g *group) error {
	chain := append(one.chain(), other.chain()...)
	what := sentence(one.v, g)
	if name := g.any[0].Name; name != other.v.Name {
		what += ", which " + other.v.Name + " provides"
	}
	return &ConflictError{Wanted: one.root(), Other: other.root(), Chain: append(chain, what)}
}

// baseConflict says when a package of the base is in the way that cannot go.
func (s *solver) baseConflict(l *link, g *group) error {
	for _, p := range s.installed() {
		if p.current == nil || p == l.v.pkg || !s.excludes(g, p.current) {
			continue
		}
		if p.cand != nil && p.cand != p.current && !s.excludes(g, p.cand) {
			continue
		}
		if p.essential || p.important || p.held {
			return &ConflictError{Wanted: l.root(), Other: p.name, Chain: append(l.chain(),
				sentence(l.v, g)+", and the base has "+p.name+" "+p.current.Version)}
		}
	}
	return nil
}
