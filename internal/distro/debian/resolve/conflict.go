// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// explainConflict looks for two versions that both cannot be avoided and that
// exclude each other.
func (s *solver) explainConflict(wanted []request) error {
	links, order := s.unavoidable(wanted)
	b := &bans{solver: s, place: make(map[*version]int, len(order)), known: map[prohibition]*ban{}}
	for n, v := range order {
		b.place[v] = n
	}
	for _, v := range order {
		groups := s.requirements(v)
		for i := range groups {
			g := &groups[i]
			if !g.kind.Negative() {
				continue
			}
			banned := b.of(g)
			for _, other := range banned.inWay {
				if other.pkg != v.pkg {
					return conflictOf(links[v], links[other], g)
				}
			}
			if err := s.baseConflict(links[v], g, banned); err != nil {
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

// A prohibition is what a relation prohibits, whoever has it.
type prohibition struct {
	target  *pkg
	op      control.Operator
	version string
	itself  bool
}

// A ban is what a prohibition means: versions, and in order those that can't be avoided.
type ban struct {
	all   map[*version]bool
	inWay []*version
}

// bans are those of prohibitions: many packages have the same one, which is looked at once.
type bans struct {
	*solver
	place map[*version]int // of those that can't be avoided
	known map[prohibition]*ban
}

func (s *bans) of(g *group) *ban {
	r := &g.any[0]
	target := s.lookup(s.target(r))
	key := prohibition{target, r.Op, r.Version, r.Itself}
	if found := s.known[key]; found != nil {
		return found
	}
	found := &ban{all: map[*version]bool{}}
	for _, v := range target.versions {
		if r.Op.Holds(v.Version, r.Version) {
			found.all[v] = true
		}
	}
	for _, p := range s.allProviders(target) {
		if p.holds(r) {
			found.all[p.owner] = true
		}
	}
	for v := range found.all {
		if _, ok := s.place[v]; ok {
			found.inWay = append(found.inWay, v)
		}
	}
	slices.SortFunc(found.inWay, func(a, b *version) int { return cmp.Compare(s.place[a], s.place[b]) })
	s.known[key] = found
	return found
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
func (s *solver) baseConflict(l *link, g *group, banned *ban) error {
	for _, p := range s.installed() {
		if p.current == nil || p == l.v.pkg || !banned.all[p.current] {
			continue
		}
		if p.cand != nil && p.cand != p.current && !banned.all[p.cand] {
			continue
		}
		if p.essential || p.important || p.held {
			return &ConflictError{Wanted: l.root(), Other: p.name, Chain: append(l.chain(),
				sentence(l.v, g)+", and the base has "+p.name+" "+p.current.Version)}
		}
	}
	return nil
}
