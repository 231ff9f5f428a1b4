// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"
	"sync"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// A repair mends what marking left broken, as apt's problem resolver does:
// packages have scores, and of two that do not get on the one with the lower
// score gives way.
type repair struct {
	*solver
	wanted    map[*pkg]bool
	score     map[*pkg]int
	tried     map[*pkg]bool // an upgrade was tried
	reinstate map[*pkg]bool // was to be installed at the start, and may be once more
	changed   bool
}

// repairRounds is how often apt goes over the packages.
const repairRounds = 20

// repair reports whether nothing is broken in the end.
func (s *solver) repair(wanted []*pkg) bool {
	if s.brokenCount() == 0 {
		return true
	}
	r := &repair{
		solver: s, wanted: map[*pkg]bool{}, score: map[*pkg]int{},
		tried: map[*pkg]bool{}, reinstate: map[*pkg]bool{},
	}
	for _, p := range wanted {
		r.wanted[p] = true
	}
	r.reinstallBroken()
	r.rate()
	packages := r.loaded()
	r.changed = true
	for round := 0; round < repairRounds && r.changed && s.steps < maxSteps; round++ {
		r.changed = false
		for _, p := range packages {
			r.mend(p, round)
		}
		packages = r.merge(packages)
	}
	return s.brokenCount() == 0
}

// reinstallBroken gives packages that are broken as they are installed their
// candidate.
func (r *repair) reinstallBroken() {
	for again := true; again; {
		again = false
		clear(r.reinstate)
		for _, p := range r.all() {
			if p.mode == modeInstall {
				r.reinstate[p] = true
			} else if r.broken(p, false) {
				r.install(p, false, 0, false)
				again = again || p.mode == modeInstall
			}
		}
	}
}

// loaded returns the packages the universe knows, the highest score first.
func (r *repair) loaded() []*pkg {
	list := make([]*pkg, 0, len(r.packages))
	for _, p := range r.packages {
		if len(p.versions) > 0 {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *pkg) int {
		return cmp.Or(cmp.Compare(r.score[b], r.score[a]), r.byOrder(a, b))
	})
	return list
}

// merge appends packages that became known in the meantime.
func (r *repair) merge(old []*pkg) []*pkg {
	seen := make(map[*pkg]bool, len(old))
	for _, p := range old {
		seen[p] = true
	}
	for _, p := range r.loaded() {
		if !seen[p] {
			old = append(old, p)
		}
	}
	return old
}

// A case is one broken package under repair.
type brokenCase struct {
	pkg   *pkg
	round int
	kill  []suspect
}

// A suspect is a package that has to change for the broken one.
type suspect struct {
	pkg *pkg
	g   *group
}

func (r *repair) mend(p *pkg, round int) {
	r.tryCandidate(p)
	if p.install == nil || !r.broken(p, false) {
		return
	}
	c := &brokenCase{pkg: p, round: round}
	owner := p.install
	groups := r.requirements(owner)
	for n := range groups {
		g := &groups[n]
		if g.kind.Critical() && r.mendGroup(c, g, owner) {
			break
		}
	}
	if p.install != nil {
		r.punish(c)
	}
}

// tryCandidate sees whether a package that was kept back can be upgraded after
// all.
func (r *repair) tryCandidate(p *pkg) {
	if p.cand == p.install || p.current == nil || p.install == nil || p.fixed || !r.reinstate[p] {
		return
	}
	delete(r.reinstate, p)
	before := r.brokenCount()
	r.install(p, false, 0, false)
	if r.broken(p, false) || before < r.brokenCount() {
		r.keep(p, 0)
	}
}

// mendGroup looks at one relation; done means that the package has been dealt
// with.
func (r *repair) mendGroup(c *brokenCase, g *group, owner *version) (done bool) {
	before := len(c.kill)
	several := len(g.any) > 1
	keepInstead := false
	for n := range g.any {
		if r.satisfied(g, owner, planned) {
			return false
		}
		relation := &g.any[n]
		targets := r.targets(g.kind, relation, owner)
		if len(targets) == 0 && !c.pkg.fixed && !g.kind.Negative() && r.brokenNow(c.pkg) == nil {
			if several {
				continue
			}
			r.changed = true
			r.keep(c.pkg, 0)
			return true
		}
		done = r.mendRelation(c, g, relation, owner, targets, &keepInstead)
		if len(targets) == 0 && !g.kind.Negative() && !c.pkg.fixed {
			r.giveUp(c.pkg, several, &keepInstead)
			done = true
		}
		if !several && done {
			return true
		}
	}
	if several && before == len(c.kill) && !r.satisfied(g, owner, planned) {
		if keepInstead {
			r.keep(c.pkg, 0)
			r.changed = true
		} else if !c.pkg.fixed {
			r.remove(c.pkg, 0)
			r.changed = true
		}
	}
	return false
}

// giveUp keeps or removes a package whose relation nothing can fulfil.
func (r *repair) giveUp(p *pkg, several bool, keepInstead *bool) {
	r.changed = true
	wasInstall := p.mode == modeInstall
	r.keep(p, 0)
	switch {
	case !r.broken(p, false):
		*keepInstead = true
		if several && wasInstall {
			r.install(p, false, 0, false)
		}
	case !several:
		r.remove(p, 0)
	}
}

// mendRelation decides between the broken package and those its relation is
// about.
func (r *repair) mendRelation(
	c *brokenCase, g *group, relation *control.Relation, owner *version, targets []*version, keepInstead *bool,
) (done bool) {
	holds := sync.OnceValue(func() bool { return r.hit(g.kind, relation, owner, now) })
	for _, v := range targets {
		other := v.pkg
		if g.kind.Negative() && other.install != v {
			continue
		}
		weaker := r.score[c.pkg] <= r.score[other]
		if weaker || (!g.kind.Negative() && !holds()) {
			if !c.pkg.fixed {
				r.yield(c, g, relation, other, keepInstead)
				return true
			}
			if r.upgrade(other) {
				r.score[other] = min(r.score[other], r.score[c.pkg])
				return false
			}
			continue
		}
		if g.kind == control.Breaks && r.satisfied(g, owner, offered) {
			r.install(other, false, 0, false)
			continue
		}
		if other.fixed && other.mode != modeRemove {
			continue
		}
		c.kill = append(c.kill, suspect{other, g})
		if !g.kind.Negative() {
			return false
		}
	}
	return false
}

// yield lets the broken package give way: it stays as it is, or is upgraded, or
// goes.
func (r *repair) yield(c *brokenCase, g *group, relation *control.Relation, other *pkg, keepInstead *bool) {
	p, several := c.pkg, len(g.any) > 1
	r.changed = true
	wasInstall := p.mode == modeInstall
	r.keep(p, 0)
	if !r.broken(p, false) {
		*keepInstead = true
		if several && wasInstall {
			r.install(p, false, 0, false)
		}
		return
	}
	if r.upgrade(p) {
		return
	}
	if !several {
		r.remove(p, 0)
		if c.round > 1 {
			r.score[p] = max(r.score[p], r.score[other])
		}
		return
	}
	target := r.lookup(r.target(relation))
	if target.current != nil || target.mode == modeRemove || target.cand == nil {
		return
	}
	before := r.brokenCount()
	r.install(target, true, 1, false)
	if r.broken(target, false) || r.brokenCount() > before {
		r.remove(target, 1)
	}
}

// punish changes the suspects.
func (r *repair) punish(c *brokenCase) {
	for _, j := range c.kill {
		var ok bool
		if !r.satisfied(j.g, c.pkg.install, now) {
			ok = j.g.kind.Negative() && r.remove(j.pkg, 0)
		} else {
			ok = r.keep(j.pkg, 0)
		}
		if (!ok || c.round > 1) && r.score[c.pkg] > r.score[j.pkg] {
			r.score[j.pkg] = r.score[c.pkg]
			r.changed = true
		}
		r.changed = r.changed || ok
	}
}

// targets returns every version that matches the relation, candidate or not.
func (r *repair) targets(k control.Kind, relation *control.Relation, owner *version) []*version {
	target := r.lookup(r.target(relation))
	var list []*version
	for _, v := range target.versions {
		if (!k.Negative() || target != owner.pkg) && relation.Op.Holds(v.Version, relation.Version) {
			list = append(list, v)
		}
	}
	for _, p := range r.allProviders(target) {
		if (!k.Negative() || p.owner.pkg != owner.pkg) && p.holds(relation) {
			list = append(list, p.owner)
		}
	}
	return list
}

// brokenNow returns what a package of the base lacks, or nil.
func (s *solver) brokenNow(p *pkg) *group {
	if p.current == nil {
		return nil
	}
	groups := s.requirements(p.current)
	for i := range groups {
		if g := &groups[i]; g.kind.Critical() && !s.satisfied(g, p.current, now) {
			return g
		}
	}
	return nil
}
