// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// followNeeds brings in what a version needs.
func (s *solver) followNeeds(i *installation) bool {
	ok := true
	for _, g := range i.needs {
		if s.followNeed(i, g) {
			continue
		}
		if ok = false; !i.patient() {
			return false
		}
	}
	return ok
}

func (s *solver) followNeed(i *installation, g *group) bool {
	if s.anyInstalled(g, i.version) {
		if !i.wasFixed || !g.kind.Critical() {
			return true
		}
		return s.fixOnly(i, g)
	}
	if i.current != nil && !g.kind.Critical() && !s.worthIt(i, g) {
		return true
	}
	options := s.solutions(g, i.version, offered, true)
	for n, v := range options {
		p := v.pkg
		if p.cand != v {
			continue
		}
		if i.wasFixed && g.kind.Critical() && len(options) == 1 {
			if !s.install(p, false, i.depth+1, false) {
				continue
			}
			p.fixed = true
		}
		if s.install(p, true, i.depth+1, false) {
			s.noteTie(i, g, v, options[n+1:])
			return true
		}
	}
	return !g.kind.Critical()
}

// fixOnly makes sure that the only way to fulfil a requirement stays open.
func (s *solver) fixOnly(i *installation, g *group) bool {
	options := s.solutions(g, i.version, offered, false)
	for _, v := range s.solutions(g, i.version, now, false) {
		if !slices.Contains(options, v) {
			options = append(options, v)
		}
	}
	if len(options) != 1 || options[0].pkg.fixed {
		return true
	}
	p := options[0].pkg
	p.fixed = true
	return s.install(p, true, i.depth+1, false)
}

// worthIt decides on what a new version of an installed package recommends: a
// new recommendation is followed, an old one only if it was fulfilled before.
func (s *solver) worthIt(i *installation, g *group) bool {
	isNew := true
	groups := s.requirements(i.current)
	for n := range groups {
		old := &groups[n]
		if old.kind.Critical() || !s.matters(old.kind) {
			continue
		}
		for _, r := range old.any {
			if s.target(&r) != s.target(&g.any[0]) {
				continue
			}
			if s.satisfied(old, i.current, now) {
				return true
			}
			isNew = false
		}
	}
	return isNew
}

// solutions returns the versions that fulfil a requirement, or that a
// prohibition means: candidates or installed ones. The best stand first when
// asked: what is installed, then alternatives from left to right, and for each
// of these by comparePairs.
func (s *solver) solutions(g *group, owner *version, m moment, sorted bool) []*version {
	var present, fresh []*version
	for i := range g.any {
		r := &g.any[i]
		list := s.matching(g.kind, r, owner, m)
		if sorted {
			target := s.lookup(s.target(r))
			slices.SortStableFunc(list, func(a, b *version) int { return s.compareOptions(target, a, b) })
		}
		for _, v := range list {
			if v.pkg.current != nil || !sorted {
				present = append(present, v)
			} else {
				fresh = append(fresh, v)
			}
		}
	}
	all := append(present, fresh...)
	if !sorted {
		all = unique(all)
	} else {
		all = slices.Compact(all)
	}
	if g.kind.Negative() {
		return all
	}
	return slices.DeleteFunc(all, func(v *version) bool {
		p := v.pkg
		return p.fixed && (p.mode == modeRemove || (p.mode == modeKeep && p.current == nil))
	})
}

func unique(list []*version) []*version {
	seen := map[*version]bool{}
	return slices.DeleteFunc(list, func(v *version) bool {
		if seen[v] {
			return true
		}
		seen[v] = true
		return false
	})
}

// matching returns the versions that match a relation: the package of that name,
// then those that provide it.
func (s *solver) matching(k control.Kind, r *control.Relation, owner *version, m moment) []*version {
	target := s.lookup(s.target(r))
	pick := func(p *pkg) *version {
		if m == now {
			return p.current
		}
		return p.cand
	}
	if m == offered && !s.hit(k, r, owner, offered) {
		return nil
	}
	var list []*version
	if v := pick(target); v != nil && (!k.Negative() || target != owner.pkg) && r.Op.Holds(v.Version, r.Version) {
		list = append(list, v)
	}
	for _, p := range s.allProviders(target) {
		if k.Negative() && p.owner.pkg.sameGroup(owner.pkg) {
			continue
		}
		if pick(p.owner.pkg) == p.owner && p.holds(r) {
			list = append(list, p.owner)
		}
	}
	return list
}

// compareOptions orders versions that all fulfil a relation on target. Where
// apt has no opinion it takes the package its cache met last.
func (s *solver) compareOptions(target *pkg, a, b *version) int {
	return cmp.Or(s.compareRank(target, a, b), s.byOrder(b.pkg, a.pkg))
}

// compareRank orders by what is a reason: fixed ones, those that are there in another
// architecture, installed ones, the package of that very name, essential ones, the image's
// own architecture, and the field Priority.
func (u *universe) compareRank(target *pkg, a, b *version) int {
	first := func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case a:
			return -1
		}
		return 1
	}
	p, q := a.pkg, b.pkg
	return cmp.Or(
		first(p.fixed, q.fixed),
		first(u.hasSibling(a), u.hasSibling(b)),
		first(p.current != nil, q.current != nil),
		first(p.sameGroup(target), q.sameGroup(target)),
		first(p.essential, q.essential),
		first(p.important, q.important),
		cmp.Compare(slices.Index(u.foreign, p.foreign), slices.Index(u.foreign, q.foreign)),
		cmp.Compare(a.PriorityRank(), b.PriorityRank()),
	)
}

// noteTie remembers that the choice of v had no reason.
func (s *solver) noteTie(i *installation, g *group, v *version, others []*version) {
	if _, ok := s.ties[v.pkg]; ok || v.pkg.current != nil {
		return
	}
	for n := range g.any {
		r := &g.any[n]
		target := s.lookup(s.target(r))
		list := s.matching(g.kind, r, i.version, offered)
		if !slices.Contains(list, v) {
			continue
		}
		var equal []string
		fits := map[*version]bool{}
		for _, one := range list {
			fits[one] = true
		}
		for _, other := range others {
			if other.pkg != v.pkg && fits[other] && s.compareRank(target, tied(v), tied(other)) == 0 {
				equal = append(equal, other.Name)
			}
		}
		if len(equal) > 0 {
			slices.SortFunc(equal, strings.Compare)
			s.ties[v.pkg] = Tie{By: i.name, Relation: g.any.String(), Chosen: v.Name, Equal: slices.Compact(equal)}
		}
		return
	}
}

// tied returns the version, its package as it was before it was chosen.
func tied(v *version) *version {
	p := *v.pkg
	p.fixed = false
	c := *v
	c.pkg = &p
	return &c
}
