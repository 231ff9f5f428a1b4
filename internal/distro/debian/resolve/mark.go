// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// A mode is what is planned for a package.
type mode uint8

const (
	modeKeep mode = iota // as it is, installed or not
	modeInstall
	modeRemove
)

// state is what a resolution has decided about a package so far.
type state struct {
	cand *version // what would be installed
	// known is the candidate when the package last changed. apt looks at its
	// candidates through a cache that a dropped candidate does not refresh, and
	// so do we.
	known   *version
	install *version // what is to be there in the end
	mode    mode
	auto    bool // it wasn't requested
	fixed   bool // no longer to be changed
}

// A moment is a point of view on the packages.
type moment uint8

const (
	now     moment = iota // installed in the base
	planned               // to be there in the end
	offered               // candidates
)

func (p *pkg) at(m moment) *version {
	switch m {
	case now:
		return p.current
	case planned:
		return p.install
	}
	return p.known
}

// A solver marks packages until everything wanted is there and nothing broken.
type solver struct {
	*universe
	recommends bool
	reverse    bool   // follow the last request first
	touched    []*pkg // for which something else was planned than what is
	isTouched  map[*pkg]bool
	ties       map[*pkg]Tie
	back       []KeptBack
	steps      int
	looks      int // at what provides something
}

// maxSteps bounds the work on a hostile archive; apt's own sets need some
// hundred.
const maxSteps = 1_000_000

// maxLooks bounds it where a name is provided by very many packages: each look at all of
// them counts as so many.
const maxLooks = 200_000_000

// maxDepth is where apt stops to follow dependencies.
const maxDepth = 3000

// ErrTooHard is a request that took more steps than any archive of good faith
// needs.
var ErrTooHard = errors.New("resolve the packages: gave up after a million steps; ask for fewer packages at a time")

// hit reports whether something fulfils a relation of owner at that moment, or
// is what a prohibition means.
func (s *solver) hit(k control.Kind, r *control.Relation, owner *version, m moment) bool {
	target := s.lookup(s.target(r))
	if !k.Negative() || target != owner.pkg {
		if v := target.at(m); v != nil && r.Op.Holds(v.Version, r.Version) {
			return true
		}
	}
	providers := s.allProviders(target)
	if s.looks += len(providers); s.looks > maxLooks {
		s.steps = maxSteps // resolve gives up
		return false
	}
	for _, p := range providers {
		if k.Negative() && p.owner.pkg.sameGroup(owner.pkg) {
			continue
		}
		if p.owner.pkg.at(m) == p.owner && p.holds(r) {
			return true
		}
	}
	return false
}

// holds reports whether the provided name fulfils the relation; a name without
// a version fulfils only relations without one.
func (p provider) holds(r *control.Relation) bool {
	if r.Itself {
		return false
	}
	return r.Op == control.Any || (p.version != "" && r.Op.Holds(p.version, r.Version))
}

// satisfied reports whether a requirement is fulfilled or a prohibition kept.
func (s *solver) satisfied(g *group, owner *version, m moment) bool {
	for i := range g.any {
		if s.hit(g.kind, &g.any[i], owner, m) {
			return !g.kind.Negative()
		}
	}
	return g.kind.Negative()
}

// matters reports whether a relation is followed at all.
func (s *solver) matters(k control.Kind) bool {
	return k.Critical() || (k == control.Recommends && s.recommends)
}

// broken reports whether what is planned for the package lacks something; with
// policy, a recommended package counts too.
func (s *solver) broken(p *pkg, policy bool) bool {
	if p.install == nil {
		return false
	}
	groups := s.requirements(p.install)
	for i := range groups {
		g := &groups[i]
		if !g.kind.Critical() && (!policy || !s.matters(g.kind)) {
			continue
		}
		if !s.satisfied(g, p.install, planned) {
			return true
		}
	}
	return false
}

// all returns the packages that can be planned: the installed and the touched.
func (s *solver) all() []*pkg {
	all := s.installed()
	for _, p := range s.touched {
		if p.current == nil {
			all = append(all, p)
		}
	}
	return all
}

// brokenCount counts the packages that lack something. Of those that stay as
// they are, only the ones that are related to a change can.
func (s *solver) brokenCount() int {
	n := 0
	seen := map[*pkg]bool{}
	count := func(p *pkg) {
		if !seen[p] {
			seen[p] = true
			if s.broken(p, false) {
				n++
			}
		}
	}
	for _, p := range s.touched {
		count(p)
		if p.install == p.current {
			continue
		}
		for _, v := range []*version{p.current, p.install} {
			if v == nil {
				continue
			}
			for _, name := range v.names() {
				for _, d := range s.status.Dependents(name) {
					count(s.lookup(s.status.Index().Name(d.Record)))
				}
			}
		}
	}
	return n
}

// names returns all names that a version goes by, without their architectures.
func (v *version) names() []string {
	names := []string{v.pkg.group, v.pkg.group + control.AnyArchitecture}
	for r, err := range control.Relations(v.Provides) {
		if err != nil {
			return names // the rest of the field counts for nothing
		}
		names = append(names, r.Name, r.Name+control.AnyArchitecture)
	}
	return names
}

// touch remembers a package for which something new is planned.
func (s *solver) touch(p *pkg) {
	if !s.isTouched[p] {
		s.isTouched[p] = true
		s.touched = append(s.touched, p)
	}
}

// mayChange reports whether a package may go into a mode without the user's
// word.
func (s *solver) mayChange(p *pkg, to mode, depth int) bool {
	switch {
	case depth > maxDepth, len(p.versions) == 0:
		return false
	case p.mode == to:
		return true
	case p.fixed:
		return false
	case to != modeKeep && p.held:
		return false
	case to == modeRemove && (p.essential || p.important):
		return false
	}
	return true
}

// keep leaves the package as it is in the base.
func (s *solver) keep(p *pkg, depth int) bool {
	if !s.mayChange(p, modeKeep, depth) {
		return false
	}
	if p.mode != modeKeep {
		p.mode, p.install = modeKeep, p.current
		p.known = p.cand
	}
	return true
}

// mayRemove says no for a new package that the user asked for.
func (p *pkg) mayRemove() bool {
	return p.current != nil || p.install == nil || p.auto
}

// remove plans a package's absence.
func (s *solver) remove(p *pkg, depth int) bool {
	if !s.mayChange(p, modeRemove, depth) {
		return false
	}
	if p.mode == modeRemove || p.install == nil {
		return true
	}
	if !p.mayRemove() {
		return false
	}
	s.touch(p)
	p.mode = modeRemove
	if p.current == nil {
		p.mode = modeKeep
	}
	p.install = nil
	p.known = p.cand
	return true
}

// plan puts the candidate in.
func (s *solver) plan(p *pkg, byUser bool) {
	if p.fixed && p.install == p.cand {
		return
	}
	s.touch(p)
	p.mode, p.install = modeInstall, p.cand
	if p.current == nil {
		p.auto = !byUser
	}
	if p.cand == p.current {
		p.mode = modeKeep
	}
	p.known = p.cand
}

// setCandidate changes the candidate, and what is planned with it.
func (s *solver) setCandidate(v *version) {
	p := v.pkg
	if p.cand == v {
		return
	}
	if p.cand == p.install && p.mode == modeInstall {
		s.touch(p)
		p.install = v
	}
	p.cand, p.known = v, v
}

// dropCandidate makes what is planned the candidate, silently.
func (p *pkg) dropCandidate() { p.cand = p.install }

// undo takes a package back that could not be installed.
func (p *pkg) undo() {
	if p.mode == modeKeep && p.install == p.cand && p.cand == p.current {
		return
	}
	p.install, p.mode = p.current, modeKeep
	p.known = p.cand
	p.dropCandidate()
}

// upgradable reports whether an installed package could become another version.
func (p *pkg) upgradable() bool {
	return p.cand != nil && (p.current == nil || control.CompareVersions(p.cand.Version, p.current.Version) > 0)
}
