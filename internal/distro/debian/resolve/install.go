// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import "slices"

// install plans a package and, when follow is set, all that it needs. It is
// apt's way: what conflicts gives way first, then what is needed comes in,
// depth first, alternatives from left to right; what fails for a package that
// wasn't requested is taken back, and the next alternative is tried.
func (s *solver) install(p *pkg, follow bool, depth int, byUser bool) bool {
	if s.steps++; s.steps > maxSteps {
		return false
	}
	settled := p.fixed && p.mode == modeKeep && p.cand != nil && p.cand == p.current
	if !settled && !byUser && !s.mayChange(p, modeInstall, depth) {
		return false
	}
	if p.cand == nil || depth > maxDepth {
		return false
	}
	if !p.fixed && !s.broken(p, true) {
		if p.cand == p.current {
			return p.install != nil || s.keep(p, depth+1)
		}
		if p.mode == modeInstall {
			return true
		}
	}
	if follow && !s.installable(p) {
		return false
	}
	if byUser {
		s.plan(p, true)
	}
	if !follow {
		if !byUser {
			s.plan(p, false)
		}
		return true
	}
	return s.installAll(p, depth, byUser)
}

// installable reports whether each requirement has something that could fulfil it.
// If not, the candidate is given up.
func (s *solver) installable(p *pkg) bool {
	if p.cand == p.current {
		return true
	}
	groups := s.requirements(p.cand)
	for i := range groups {
		g := &groups[i]
		if !g.kind.Critical() || g.kind.Negative() ||
			s.satisfied(g, p.cand, planned) || s.satisfied(g, p.cand, offered) {
			continue
		}
		if p.fixed {
			return false
		}
		if p.current != nil {
			s.setCandidate(p.current)
		} else {
			p.cand = nil
		}
		if p.mode != modeRemove {
			p.mode = modeKeep
		}
		return false
	}
	return true
}

// An installation is one package on its way in, with what it asks for.
type installation struct {
	*pkg
	version   *version
	depth     int
	byUser    bool
	wasFixed  bool // then its requirements become fixed, too
	needs     []*group
	conflicts []*group
	upgrades  []*pkg // installed packages that have to change
	removals  []*pkg // that go when all else has worked
}

// patient reports whether a failure is not a reason to stop: the package must be
// there, so everything is tried and the problems are solved later.
func (i *installation) patient() bool { return i.wasFixed || i.byUser }

func (s *solver) installAll(p *pkg, depth int, byUser bool) bool {
	i := &installation{pkg: p, version: p.cand, depth: depth, byUser: byUser, wasFixed: p.fixed}
	s.collect(i)
	failed := !s.clearConflicts(i)
	if failed && !i.patient() {
		return false
	}
	s.collectDependents(i)
	if !byUser {
		s.plan(p, false)
	}
	p.fixed = true
	defer func() { p.fixed = i.wasFixed }()

	s.upgradeSiblings(i)
	for _, step := range []func(*installation) bool{s.applyUpgrades, s.followNeeds, s.applyRemovals} {
		if step(i) {
			continue
		}
		if !i.patient() {
			p.undo()
			return false
		}
		failed = true
	}
	return !failed
}

// collect sorts out what the version needs and forbids.
func (s *solver) collect(i *installation) {
	groups := s.requirements(i.version)
	for n := range groups {
		g := &groups[n]
		if !s.matters(g.kind) || (!i.wasFixed && s.anyInstalled(g, i.version)) {
			continue
		}
		if g.kind.Negative() {
			i.conflicts = append(i.conflicts, g)
		} else {
			i.needs = append(i.needs, g)
		}
	}
}

func (s *solver) anyInstalled(g *group, owner *version) bool {
	return s.satisfied(g, owner, planned)
}

// clearConflicts plans for whatever the version forbids: what is not installed
// stays away, what is installed is upgraded or removed.
func (s *solver) clearConflicts(i *installation) bool {
	ok := true
	var bad []*pkg
	for _, g := range i.conflicts {
		ok = s.clearOffered(i, g, &bad) && ok
		if !ok && !i.patient() {
			return false
		}
		ok = s.clearPresent(i, g, bad) && ok
		if !ok && !i.patient() {
			return false
		}
	}
	return ok
}

// clearOffered deals with candidates that the version forbids.
func (s *solver) clearOffered(i *installation, g *group, bad *[]*pkg) bool {
	ok := true
	for _, v := range s.solutions(g, i.version, offered, true) {
		p := v.pkg
		if p.cand != v {
			continue
		}
		switch {
		case p.current == v:
			if s.giveWay(i, p) {
				continue
			}
		case p.mode == modeInstall && !s.keep(p, i.depth):
		case i.wasFixed:
			p.dropCandidate()
			if p.current == nil {
				p.fixed = true
			}
			continue
		default:
			*bad = append(*bad, p)
			continue
		}
		ok = false
		if !i.patient() {
			return false
		}
	}
	return ok
}

// clearPresent deals with installed versions that the version forbids.
func (s *solver) clearPresent(i *installation, g *group, bad []*pkg) bool {
	ok := true
	for _, v := range s.solutions(g, i.version, now, true) {
		p := v.pkg
		switch {
		case p.cand != v && p.cand != nil && !slices.Contains(bad, p):
			i.upgrades = append(i.upgrades, p)
		case p.cand == p.current: // dealt with among the candidates
		case !s.giveWay(i, p):
			ok = false
			if !i.patient() {
				return false
			}
		}
	}
	return ok
}

// giveWay removes an installed package, at once when the one that drives it out
// is fixed.
func (s *solver) giveWay(i *installation, p *pkg) bool {
	if !i.wasFixed {
		if p.mode == modeRemove {
			return true
		}
		if !s.mayChange(p, modeRemove, i.depth) || !p.mayRemove() {
			return false
		}
		i.removals = append(i.removals, p)
		return true
	}
	if p.mode != modeRemove && !s.remove(p, i.depth+1) {
		return false
	}
	p.dropCandidate()
	p.fixed = true
	return true
}

// collectDependents finds installed packages that the new version of this one
// would break: they have to be upgraded with it.
func (s *solver) collectDependents(i *installation) {
	if i.current == nil || i.current == i.version {
		return
	}
	for _, p := range s.installed() {
		if p.mode == modeInstall || p == i.pkg || slices.Contains(i.upgrades, p) {
			continue
		}
		if s.breaksWith(p, i) {
			i.upgrades = append(i.upgrades, p)
		}
	}
}

func (s *solver) breaksWith(p *pkg, i *installation) bool {
	groups := s.requirements(p.current)
	for n := range groups {
		g := &groups[n]
		if g.kind.Negative() || !s.matters(g.kind) {
			continue
		}
		for _, r := range g.any {
			if s.target(&r) == i.name && r.Op.Holds(i.current.Version, r.Version) && !r.Op.Holds(i.version.Version, r.Version) {
				return true
			}
		}
	}
	return false
}

// upgradeSiblings upgrades what is installed from the same source package, so
// that its binaries stay together.
func (s *solver) upgradeSiblings(i *installation) {
	source, sourceVersion := i.version.SourceOf()
	var siblings []*pkg
	for _, p := range s.outdated {
		if p == i.pkg || p.cand == nil || p.cand == p.current || (p.mode == modeInstall && p.install == p.cand) {
			continue
		}
		if name, version := p.cand.SourceOf(); name == source && version == sourceVersion {
			siblings = append(siblings, p)
		}
	}
	slices.SortFunc(siblings, s.byOrder)
	for _, p := range siblings {
		s.install(p, false, i.depth+1, false)
	}
	for _, p := range siblings {
		s.install(p, true, i.depth+1, false)
	}
}

func (s *solver) applyUpgrades(i *installation) bool {
	ok := true
	for _, p := range i.upgrades {
		if p.mode == modeInstall || s.install(p, true, i.depth+1, false) {
			continue
		}
		if !s.remove(p, i.depth+1) {
			if ok = false; !i.patient() {
				return false
			}
		} else if i.wasFixed {
			p.fixed = true
		}
	}
	return ok
}

func (s *solver) applyRemovals(i *installation) bool {
	ok := true
	for _, p := range i.removals {
		ok = s.remove(p, i.depth) && ok
	}
	return ok
}
