// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

// keepBack mends what is broken by leaving packages as the base has them, those of the
// lowest score last. It is apt's ResolveByKeep.
func (s *solver) keepBack() bool {
	r := &repair{solver: s, wanted: map[*pkg]bool{}, score: map[*pkg]int{}}
	r.rate()
	packages := r.loaded()
	var last *pkg
	for i := 0; i < len(packages) && s.steps < maxSteps; i++ {
		p := packages[i]
		if !s.newlyBroken(p) {
			continue
		}
		if s.steps++; !p.fixed {
			s.keep(p, 0)
			if !s.newlyBroken(p) {
				i = -1
				continue
			}
		}
		r.keepTargets(p)
		if s.newlyBroken(p) {
			continue
		}
		if p == last {
			return false // apt gives up here, too
		}
		last, i = p, -1
	}
	return s.brokenCount() == 0
}

// newlyBroken reports whether what is planned for a package lacks something, a
// recommended package only if the base has that one.
func (s *solver) newlyBroken(p *pkg) bool {
	return s.broken(p, false) || s.broken(p, true) && !s.lacks(p)
}

// lacks reports whether a package of the base lacks something as it is.
func (s *solver) lacks(p *pkg) bool {
	if p.current == nil {
		return false
	}
	groups := s.requirements(p.current)
	for i := range groups {
		if s.matters(groups[i].kind) && !s.satisfied(&groups[i], p.current, now) {
			return true
		}
	}
	return false
}

// keepTargets leaves what a broken package is broken by as the base has it.
func (r *repair) keepTargets(p *pkg) {
	owner := p.install
	groups := r.requirements(owner)
	for n := range groups {
		g := &groups[n]
		if !g.kind.Critical() || r.satisfied(g, owner, planned) {
			continue
		}
		for i := range g.any {
			for _, v := range r.targets(g.kind, &g.any[i], owner) {
				if other := v.pkg; other.install != nil && other.current != nil && !other.fixed {
					r.keep(other, 0)
				}
				if !r.newlyBroken(p) {
					return
				}
			}
		}
	}
}
