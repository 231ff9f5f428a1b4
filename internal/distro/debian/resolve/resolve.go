// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
)

// Resolve finds the versions to install for what is wanted. The order of the
// requests makes no difference. Errors are of the types in errors.go.
func Resolve(req Request) (*Solution, error) {
	sol, err := resolve(req, false)
	if err != nil || len(req.Wanted) < 2 {
		return sol, err
	}
	if other, err := resolve(req, true); err == nil {
		sol.noteOrder(other)
	}
	return sol, nil
}

// resolve is Resolve that follows the requests in the order of the archive, or in the
// reverse one.
func resolve(req Request, reverse bool) (*Solution, error) {
	s := &solver{
		universe: newUniverse(&req), recommends: req.Recommends, reverse: reverse,
		isTouched: map[*pkg]bool{}, ties: map[*pkg]Tie{},
	}
	if err := s.checkArchitectures(); err != nil {
		return nil, err
	}
	if broken := brokenBase(s.status, s.architecture, s.foreign); len(broken) > 0 {
		return nil, &BrokenBaseError{Packages: broken}
	}
	sol := &Solution{For: map[string]string{}}
	if err := s.checkExcluded(&req, sol); err != nil {
		return nil, err
	}
	wanted, err := s.choose(&req, sol)
	if err != nil {
		return nil, err
	}
	updates := s.updates(req.Upgrade, wanted)
	s.mark(wanted)
	var ok bool
	if req.Upgrade == distro.UpgradeNothing {
		ok = s.repair(packagesOf(wanted))
	} else {
		ok = s.upgrade(updates)
		wanted = append(wanted, s.upgraded()...)
	}
	if s.steps >= maxSteps {
		return nil, ErrTooHard
	}
	if !ok {
		return nil, s.explain(wanted)
	}
	s.sweep(wanted)
	if s.steps >= maxSteps {
		return nil, ErrTooHard
	}
	if err := s.checkHeld(); err != nil && !req.AllowHeld {
		return nil, err
	}
	s.fill(sol, wanted)
	return sol, nil
}

// checkArchitectures refuses a base with packages of a foreign architecture.
func (s *solver) checkArchitectures() error {
	if s.architecture == "" {
		return errors.New("resolve the packages: the request says no architecture")
	}
	architectures := s.status.Architectures()
	for _, arch := range slices.Sorted(maps.Keys(architectures)) {
		if arch != "all" && arch != s.architecture && !slices.Contains(s.foreign, arch) {
			return &ForeignBaseError{Name: architectures[arch], Architecture: arch, Native: s.architecture}
		}
	}
	return nil
}

// A request is a package that was asked for, and the version taken for it.
type request struct {
	Wanted
	version *version
}

func packagesOf(requests []request) []*pkg {
	list := make([]*pkg, 0, len(requests))
	for _, w := range requests {
		list = append(list, w.version.pkg)
	}
	return list
}

// mark plans everything wanted, and what it needs.
func (s *solver) mark(wanted []request) {
	for _, w := range wanted {
		p := w.version.pkg
		s.setCandidate(w.version)
		p.fixed = true
		s.install(p, false, 0, true)
	}
	var changed []*version
	for _, w := range wanted {
		if w.Suite != "" {
			changed = append(changed, w.version)
			s.followSuite(w.version, w.Suite, &changed)
		}
	}
	packages := packagesOf(wanted)
	slices.SortFunc(packages, s.byOrder)
	if s.reverse {
		slices.Reverse(packages)
	}
	for _, p := range slices.Compact(packages) {
		s.install(p, true, 0, true)
	}
}

// checkHeld refuses a change of what the base holds, as "apt-get --yes" does: nothing
// but a request by name leads to one.
func (s *solver) checkHeld() error {
	for _, p := range s.touched {
		if p.held && p.install != p.current {
			return &HeldError{Name: p.name, Version: p.at(now).number()}
		}
	}
	return nil
}

// sweep drops new packages that nothing needs any more: what an alternative that
// failed in the end had brought with it. Like apt it keeps what is recommended.
func (s *solver) sweep(wanted []request) {
	marked := map[*pkg]bool{}
	var visit func(p *pkg)
	visit = func(p *pkg) {
		if marked[p] || p.install == nil {
			return
		}
		marked[p] = true
		groups := s.requirements(p.install)
		for i := range groups {
			g := &groups[i]
			if g.kind != control.Depends && g.kind != control.PreDepends && g.kind != control.Recommends {
				continue
			}
			for n := range g.any {
				for _, v := range s.fulfilling(&g.any[n]) {
					visit(v.pkg)
				}
			}
		}
	}
	for _, w := range wanted {
		visit(w.version.pkg)
	}
	for _, p := range s.touched {
		if p.install != nil && (p.current != nil || p.essential || p.important || s.neededByBase(p)) {
			visit(p)
		}
	}
	for _, p := range s.touched {
		if p.install != nil && p.current == nil && !marked[p] {
			p.mode, p.install = modeKeep, nil
		}
	}
}

// neededByBase reports whether a package that stays needs or recommends one.
func (s *solver) neededByBase(p *pkg) bool {
	for _, name := range p.install.names() {
		for _, d := range s.status.Dependents(name) {
			if d.Kind.Negative() {
				continue
			}
			by := s.lookup(s.status.Index().Name(d.Record))
			if by.install == nil {
				continue
			}
			groups := s.requirements(by.install)
			for i := range groups {
				if groups[i].kind.Negative() {
					continue
				}
				for n := range groups[i].any {
					if slices.Contains(s.fulfilling(&groups[i].any[n]), p.install) {
						return true
					}
				}
			}
		}
	}
	return false
}

// fulfilling returns the planned versions that fulfil a relation.
func (s *solver) fulfilling(r *control.Relation) []*version {
	target := s.lookup(s.target(r))
	var list []*version
	if v := target.install; v != nil && r.Op.Holds(v.Version, r.Version) {
		list = append(list, v)
	}
	for _, p := range s.allProviders(target) {
		if p.owner.pkg.install == p.owner && p.holds(r) {
			list = append(list, p.owner)
		}
	}
	return list
}

// fill writes the answer down.
func (s *solver) fill(sol *Solution, wanted []request) {
	reasons := s.reasons(wanted)
	for _, p := range s.touched {
		switch {
		case p.install == p.current:
			continue
		case p.install == nil:
			sol.Removed = append(sol.Removed, p.name)
			continue
		case p.current != nil:
			sol.Upgrades = append(sol.Upgrades, Upgrade{Name: p.name, From: p.current.Version, To: p.install.Version})
		}
		out := s.describe(p.install)
		out.Reason = reasons[p]
		for _, w := range wanted {
			out.Wanted = out.Wanted || w.version.pkg == p
		}
		sol.Packages = append(sol.Packages, out)
		if tie, ok := s.ties[p]; ok {
			sol.Ties = append(sol.Ties, tie)
		}
	}
	slices.SortFunc(sol.Packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(sol.Upgrades, func(a, b Upgrade) int { return strings.Compare(a.Name, b.Name) })
	sol.KeptBack = s.back
	slices.SortFunc(sol.Ties, func(a, b Tie) int { return strings.Compare(a.Chosen, b.Chosen) })
	slices.Sort(sol.Removed)
}

// describe copies a version's fields. Its file is the one of the first index
// that lists it with the highest priority.
func (s *solver) describe(v *version) Package {
	best := -1
	for i, o := range v.origins {
		if o.index == s.status.Index() {
			continue
		}
		if o.index == s.files {
			best = i
			break
		}
		if best < 0 || s.originPriority(o) > s.originPriority(v.origins[best]) {
			best = i
		}
	}
	o := v.origins[max(best, 0)]
	c, opts := o.index.Entry(o.record), o.index.Options()
	source, sourceVersion := c.SourceOf()
	return Package{
		Name: c.Name, Version: c.Version, Architecture: c.Architecture,
		Source: source, SourceVersion: sourceVersion,
		Filename: c.Filename, Size: c.FileSize(), SHA256: strings.ToLower(c.SHA256),
		InstalledSize: c.InstalledBytes(),
		Repository:    opts.Repository, Suite: opts.Suite, Component: opts.Component,
		Section: c.Section, Priority: c.Priority, Essential: c.Essential, MultiArch: c.MultiArch,
		Control: o.index.Paragraph(o.record),
	}
}

// reasons says for each planned package who brought it in: whoever is nearest
// to the request, by name where several are.
func (s *solver) reasons(wanted []request) map[*pkg]Reason {
	reasons := map[*pkg]Reason{}
	var queue []*pkg
	for _, w := range wanted {
		reasons[w.version.pkg] = Reason{}
		queue = append(queue, w.version.pkg)
	}
	byName := func(a, b *pkg) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(queue, byName)
	for len(queue) > 0 {
		var next []*pkg
		for _, p := range queue {
			if p.install == nil {
				continue
			}
			groups := s.requirements(p.install)
			for i := range groups {
				g := &groups[i]
				if g.kind.Negative() || !s.matters(g.kind) {
					continue
				}
				for n := range g.any {
					for _, v := range s.fulfilling(&g.any[n]) {
						if _, ok := reasons[v.pkg]; !ok {
							reasons[v.pkg] = Reason{By: p.name, Field: g.kind.String(), Relation: g.any.String()}
							next = append(next, v.pkg)
						}
					}
				}
			}
		}
		slices.SortFunc(next, byName)
		queue = next
	}
	return reasons
}
