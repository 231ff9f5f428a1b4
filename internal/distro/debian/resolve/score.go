// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"github.com/strata-build/strata/internal/distro/debian/control"
)

// rate gives each package its score: more for what is essential, of a high
// priority or installed already, more for what others need. The figures are
// apt's defaults.
func (r *repair) rate() {
	for _, p := range r.all() {
		if p.install != nil {
			r.rateOne(p)
		}
	}
	before := make(map[*pkg]int, len(r.score))
	for p, n := range r.score {
		before[p] = n
	}
	r.inherit(before)
	r.rateProviders(before)
	for _, p := range r.packages {
		if r.wanted[p] {
			r.score[p] += 10000
		}
		if p.essential || p.important {
			r.score[p] += 5000
		}
	}
}

// rateOne adds what a package is worth by itself, and a point or minus one to
// each that it needs or forbids.
func (r *repair) rateOne(p *pkg) {
	v := p.install
	if p.essential || p.important {
		r.score[p] += 100
	}
	priority := v.PriorityRank()
	if !r.downloadable(v) {
		priority = 5
	}
	r.score[p] += [...]int{0, 3, 2, 1, -1, -2}[priority]
	if p.current != nil && p.cand != nil && r.downloadable(p.cand) {
		r.score[p]++
	}
	groups := r.requirements(v)
	for n := range groups {
		g := &groups[n]
		points := 1
		if g.kind.Negative() {
			points = -1
		}
		if g.kind == control.Suggests {
			continue
		}
		for i := range g.any {
			r.rateTargets(p, g.kind, &g.any[i], points)
		}
	}
}

func (r *repair) rateTargets(owner *pkg, k control.Kind, relation *control.Relation, points int) {
	target := r.lookup(r.target(relation))
	if !k.Negative() || target != owner {
		if relation.Op != control.Any && (target.install == nil || !relation.Op.Holds(target.install.Version, relation.Version)) {
			return
		}
		r.score[target] += points
	}
	seen := map[*pkg]bool{}
	for _, provider := range r.allProviders(target) {
		q := provider.owner.pkg
		if seen[q] || (k.Negative() && q.sameGroup(owner)) || q.install != provider.owner || !provider.holds(relation) {
			continue
		}
		seen[q] = true
		r.score[q] += points
	}
}

// inherit adds to each package the scores of those that need it.
func (r *repair) inherit(before map[*pkg]int) {
	for _, p := range r.all() {
		if p.install == nil || before[p] <= 0 {
			continue
		}
		groups := r.requirements(p.install)
		for n := range groups {
			g := &groups[n]
			if g.kind != control.Depends && g.kind != control.PreDepends && g.kind != control.Recommends {
				continue
			}
			for i := range g.any {
				if target := r.lookup(r.target(&g.any[i])); target.install != nil {
					r.score[target] += before[p]
				}
			}
		}
	}
}

// rateProviders hands what a package inherited on to those that provide it.
func (r *repair) rateProviders(before map[*pkg]int) {
	for _, p := range r.all() {
		if p.install == nil {
			continue
		}
		transfer := r.score[p] - before[p]
		if transfer < 0 {
			transfer = -transfer
		}
		if transfer == 0 {
			continue
		}
		seen := map[*pkg]bool{}
		for _, provider := range r.allProviders(p) {
			q := provider.owner.pkg
			if q.install == provider.owner && !seen[q] {
				seen[q] = true
				r.score[q] += transfer
			}
		}
	}
}

// upgrade tries to get the candidate in, with what it needs.
func (r *repair) upgrade(p *pkg) bool {
	if r.tried[p] || !p.upgradable() || r.wanted[p] {
		return false
	}
	r.tried[p] = true
	wasKept := p.mode == modeKeep
	if !r.install(p, false, 0, false) || p.install == nil {
		return false
	}
	owner := p.install
	groups := r.requirements(owner)
	for n := range groups {
		g := &groups[n]
		if !g.kind.Critical() || r.upgradeFor(g, owner) {
			continue
		}
		if wasKept {
			r.keep(p, 0)
		} else {
			r.remove(p, 0)
		}
		return false
	}
	return true
}

// upgradeFor tries to have one relation fulfilled by an upgrade.
func (r *repair) upgradeFor(g *group, owner *version) bool {
	ok := true
	for i := range g.any {
		if r.satisfied(g, owner, planned) {
			return true
		}
		relation := &g.any[i]
		target := r.soleTarget(relation, owner)
		switch {
		case target.fixed:
			ok = false
		case r.hit(g.kind, relation, owner, offered) != g.kind.Negative():
			if r.upgrade(target) {
				return true
			}
			ok = false
		case g.kind.Negative():
			return true // conflicts have their turn in the next round
		default:
			ok = false
		}
	}
	return ok || r.satisfied(g, owner, planned)
}

// soleTarget returns the package that a relation names, or the only one that
// provides it.
func (r *repair) soleTarget(relation *control.Relation, owner *version) *pkg {
	target := r.lookup(r.target(relation))
	if len(target.versions) > 0 {
		return target
	}
	for _, provider := range r.allProviders(target) {
		if provider.owner.pkg != owner.pkg {
			return provider.owner.pkg
		}
	}
	return target
}
