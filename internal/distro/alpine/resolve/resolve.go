// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// A solver resolves one request.
type solver struct {
	*universe
	req     *Request
	world   []need // what was asked for in the base and what is asked for now
	count   int64
	dirty   []*name
	urgent  queue
	ready   queue
	waiting queue
	faults  []fault
	ties    []Tie
	reached []*pkg // in the order in which they are installed
}

// A fault is a name that cannot be had, or a package that cannot be where it
// has to be.
type fault struct {
	name *name
	pkg  *pkg
}

// Resolve finds what has to be installed for a request.
func Resolve(req Request) (*Solution, error) {
	if err := checkContradictions(req.Wanted); err != nil {
		return nil, err
	}
	s := newSolver(&req)
	if err := s.validate(); err != nil {
		return nil, err
	}
	s.solve()
	if len(s.faults) > 0 {
		return nil, s.explain()
	}
	sol := s.solution()
	if err := Check(req, sol); err != nil {
		return nil, err
	}
	return sol, nil
}

// checkContradictions refuses a name that is requested and must not be there.
func checkContradictions(wanted []Wanted) error {
	has := map[string]Wanted{}
	for _, w := range wanted {
		if old, ok := has[w.Name]; ok && old.Conflict != w.Conflict {
			return &ContradictionError{Name: w.Name, Wanted: [2]string{old.String(), w.String()}}
		}
		has[w.Name] = w
	}
	return nil
}

func newSolver(req *Request) *solver {
	s := &solver{universe: newUniverse(req), req: req}
	ask := map[string]control.Relation{}
	world := req.World
	if world == nil {
		for _, r := range req.Installed.Records() {
			world = append(world, control.Relation{Name: r.Name, Op: control.Any, Tag: r.Tag})
		}
	}
	for _, r := range world {
		ask[r.Name] = r
	}
	// A request takes the place of what the base asked for by that name; of two requests
	// one with a version or a tag counts.
	now := map[string]bool{}
	for _, w := range req.Wanted {
		if !now[w.Name] || w.String() != w.Name {
			ask[w.Name] = w.Relation
		}
		now[w.Name] = true
		s.lookup(w.Name).asked = true
	}
	for _, r := range ask {
		s.world = append(s.world, need{r, s.lookup(r.Name)})
	}
	slices.SortFunc(s.world, func(a, b need) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return s
}

func (s *solver) solve() {
	for i := range s.world {
		s.discover(s.world[i].name)
	}
	for i := range s.world {
		s.constrain(nil, &s.world[i])
	}
	for {
		for n := s.popDirty(); n != nil; n = s.popDirty() {
			s.reconsider(n)
		}
		n := s.next()
		if n == nil {
			break
		}
		s.decide(n)
	}
	for i := range s.world {
		s.reach(nil, &s.world[i])
	}
	for _, r := range s.req.Installed.Records() {
		s.visit(s.lookup(r.Name), Reason{})
	}
}

// reach walks to what fulfils a need.
func (s *solver) reach(by *pkg, n *need) {
	if !n.name.chosen.provided(by, n) {
		s.faults = append(s.faults, fault{name: n.name, pkg: by})
	}
	why := Reason{}
	if by != nil {
		why = Reason{By: by.rec.Name, Relation: n.String()}
	}
	s.visit(n.name, why)
}

// visit lists the package chosen for a name, after those that it needs and
// before those that come because of it.
func (s *solver) visit(n *name, why Reason) {
	if n.visited {
		return
	}
	n.visited = true
	p := n.chosen.pkg
	if p == nil || p.visited {
		return
	}
	p.visited, p.reason = true, why
	p.name.visited = true
	for _, d := range p.provides {
		d.name.visited = true
	}
	for i := range p.depends {
		s.reach(p, &p.depends[i])
	}
	s.reached = append(s.reached, p)
	s.visitHearers(p.name)
	for _, d := range p.provides {
		s.visitHearers(d.name)
	}
}

// visitHearers lists the packages whose install_if has come true.
func (s *solver) visitHearers(n *name) {
	for _, hearer := range n.hearers {
		hearer.names(func(other *name) bool {
			p := other.chosen.pkg
			if p == nil || other.visited {
				return true
			}
			all := true
			for i := range p.installIf {
				c := &p.installIf[i]
				all = all && (c.Conflict || c.name.visited) && c.name.chosen.provided(p, c)
			}
			if all {
				s.visit(other, Reason{By: n.text, Relation: "install_if " + p.rec.InstallIf})
			}
			return true
		})
	}
}

// solution says what of it is new.
func (s *solver) solution() *Solution {
	sol := &Solution{Ties: s.ties, Absent: s.absent()}
	installed := map[string]*control.Record{}
	for _, r := range s.req.Installed.Records() {
		installed[r.Name] = r
	}
	for _, p := range s.reached {
		old := installed[p.rec.Name]
		delete(installed, p.rec.Name)
		if p.installed {
			continue
		}
		if old != nil {
			sol.Upgrades = append(sol.Upgrades, Upgrade{p.rec.Name, old.Version, p.rec.Version})
		}
		sol.Order = append(sol.Order, p.rec.Name)
		sol.Packages = append(sol.Packages, p.export())
	}
	for gone := range installed {
		sol.Removed = append(sol.Removed, gone)
	}
	for _, n := range s.world {
		sol.World = append(sol.World, n.String())
	}
	slices.Sort(sol.Removed)
	slices.Sort(sol.World)
	slices.SortFunc(sol.Packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(sol.Upgrades, func(a, b Upgrade) int { return strings.Compare(a.Name, b.Name) })
	// A choice that didn't come in isn't worth a word.
	chosen := map[string]bool{}
	for _, p := range s.reached {
		chosen[p.rec.Name] = true
	}
	sol.Ties = slices.DeleteFunc(sol.Ties, func(t Tie) bool { return !chosen[t.Chosen] })
	return sol
}

func (p *pkg) export() Package {
	return Package{
		Name: p.rec.Name, Version: p.rec.Version, Architecture: p.rec.Arch, Origin: p.rec.Origin,
		Path: p.index.Path(p.rec), Size: p.rec.Size, Checksum: p.rec.Checksum, InstalledSize: p.rec.InstalledSize,
		Repository: p.index.Options().Repository, Record: p.rec.Text, Wanted: p.name.asked, Reason: p.reason,
	}
}
