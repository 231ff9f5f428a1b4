// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// choose turns each request into a version, in a fixed order.
func (s *solver) choose(req *Request, sol *Solution) ([]request, error) {
	wanted := slices.Clone(req.Wanted)
	if req.Essential {
		wanted = append(wanted, s.essentials()...)
	}
	slices.SortFunc(wanted, func(a, b Wanted) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Suite, b.Suite))
	})
	requests := make([]request, 0, len(wanted))
	for _, w := range wanted {
		if w.Not {
			continue
		}
		v, err := s.chooseOne(w)
		if err != nil {
			return nil, err
		}
		sol.For[w.FullName()] = v.Name
		same := slices.IndexFunc(requests, func(other request) bool { return other.version.pkg == v.pkg })
		switch {
		case same < 0:
			requests = append(requests, request{w, v})
		case requests[same].version == v:
		case requests[same].loose():
			requests[same] = request{w, v}
		case !w.loose():
			return nil, &ConflictError{Wanted: w.Name, Other: requests[same].Name, Chain: []string{
				requests[same].Wanted.String() + " is version " + requests[same].version.Version,
				w.String() + " is version " + v.Version,
			}}
		}
	}
	return requests, nil
}

// loose reports whether any version would do.
func (w Wanted) loose() bool { return w.Version == "" && w.Suite == "" }

// essentials returns a request for each package that is marked Essential.
func (s *solver) essentials() []Wanted {
	var list []Wanted
	for _, x := range s.indexes {
		for n := range int32(x.Len()) { //nolint:gosec // the index of a record
			raw := x.Paragraph(n)
			if !strings.Contains(raw, "\nEssential: yes") {
				continue
			}
			w := Wanted{Name: x.Name(n)}
			if p := s.lookup(w.Name); p.cand != nil && p.cand.Essential && !p.excluded && !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}

func (s *solver) chooseOne(w Wanted) (*version, error) {
	if !validPackageName(w.Name) {
		return nil, &BadNameError{Name: w.Name}
	}
	if !s.knows(w) {
		return nil, &ForeignArchitectureError{Name: w.Name, Architecture: w.Arch, Native: s.architecture}
	}
	p := s.lookup(s.nameOf(w))
	if p.foreign != "" && !s.isMentioned(p) {
		return nil, &distro.UnknownPackageError{Name: w.FullName()}
	}
	switch {
	case p.excluded:
		return nil, &ExcludedError{Name: w.Name, Wanted: w.Name}
	case w.loose() && p.cand == nil:
		return s.chooseProvider(w, p)
	case w.loose():
		return p.cand, nil
	}
	for _, v := range p.versions {
		if w.File != "" && v.isIn(s.files) {
			return v, nil
		}
		if matchesVersion(v.Version, w.Version) && s.inSuite(v, w.Suite) {
			return v, nil
		}
	}
	return s.chooseProvided(w, p)
}

// chooseProvider takes the only candidate that provides a name which no candidate
// has.
func (s *solver) chooseProvider(w Wanted, p *pkg) (*version, error) {
	var found []*version
	var names []string
	seen := map[*version]bool{}
	for _, provider := range s.allProviders(p) {
		v := provider.owner
		if v.pkg.cand != v || v.pkg.excluded || seen[v] {
			continue
		}
		seen[v] = true
		found = append(found, v)
		names = append(names, v.Name)
	}
	slices.Sort(names)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if by := s.excludedProvider(p); by != "" {
			return nil, &ExcludedError{Name: by, Wanted: w.Name}
		}
		return nil, s.noCandidate(w, p)
	}
	return nil, &distro.VirtualPackageError{Name: w.Name, Providers: names}
}

// chooseProvided takes what provides a name in that very version, or comes from that
// suite, a candidate or not. Of several versions of one package it is the last one in
// the indexes; several packages are refused, as by apt.
func (s *solver) chooseProvided(w Wanted, p *pkg) (*version, error) {
	var found *version
	var names []string
	seen := map[string]bool{}
	for _, provider := range s.allProviders(p) {
		if (w.Version != "" && provider.version != w.Version) || !s.inSuite(provider.owner, w.Suite) || provider.owner.pkg.excluded {
			continue
		}
		found = provider.owner
		if !seen[found.Name] {
			seen[found.Name] = true
			names = append(names, found.Name)
		}
	}
	slices.Sort(names)
	switch len(names) {
	case 1:
		return found, nil
	case 0:
		if by := s.excludedProvider(p); by != "" {
			return nil, &ExcludedError{Name: by, Wanted: w.Name}
		}
		return nil, s.noSuchVersion(w, p)
	}
	return nil, &distro.VirtualPackageError{Name: w.Name, Providers: names}
}

// noCandidate says why nothing is taken for a name: what there is of it is kept out, or
// there is nothing.
func (s *solver) noCandidate(w Wanted, p *pkg) error {
	for _, v := range p.versions {
		if pin := s.pinOf(v); pin != nil && pin.Priority < 0 {
			return &PinnedError{Name: w.Name, Priority: pin.Priority, File: pin.File, Line: pin.Line}
		}
	}
	for _, provider := range s.allProviders(p) {
		return &OldProviderError{Name: w.Name, Provider: provider.owner.Name, Version: provider.owner.Version, Candidate: provider.owner.pkg.cand.number()}
	}
	return &distro.UnknownPackageError{Name: w.FullName(), Nearest: s.nearest(w.Name)}
}

func (s *solver) noSuchVersion(w Wanted, p *pkg) error {
	err := &NoSuchVersionError{Name: w.Name, Version: w.Version, Suite: w.Suite}
	if len(p.versions) == 0 && len(s.allProviders(p)) == 0 {
		return &distro.UnknownPackageError{Name: w.FullName(), Nearest: s.nearest(w.Name)}
	}
	for _, provider := range s.allProviders(p) {
		err.Have = append(err.Have, strings.TrimSpace(provider.version+" of "+provider.owner.Name+" "+provider.owner.Version))
	}
	for _, v := range p.versions {
		if !s.downloadable(v) {
			continue
		}
		word := v.Version
		for _, o := range v.origins {
			if w.Suite != "" && o.index.Options().Suite != "" {
				word += " (" + o.index.Options().Suite + ")"
				break
			}
		}
		err.Have = append(err.Have, word)
	}
	return err
}

// matchesVersion compares with a version in which * and ? may stand for
// anything, as in apt-get install name=version.
func matchesVersion(version, pattern string) bool {
	return pattern == "" || pattern == version || index.MatchesPattern(pattern, version)
}

// inSuite reports whether some suite of that name or code name has the version.
func (s *solver) inSuite(v *version, suite string) bool {
	return suite == "" || slices.ContainsFunc(v.origins, func(o origin) bool {
		return o.index.Options().Suite == suite || o.index.Options().Codename == suite
	})
}

// followSuite makes the suite's versions the candidates of what a version
// needs, where nothing that is there or could come in at once will do. It is
// what "apt-get install name/suite" does: it goes on only as long as each
// requirement can be met so, and keeps what it has switched until then.
func (s *solver) followSuite(v *version, suite string, changed *[]*version) bool {
	s.setCandidate(v)
	groups := s.requirements(v)
	for i := range groups {
		g := &groups[i]
		if g.kind.Negative() || !s.matters(g.kind) || s.fineAsIs(g) {
			continue
		}
		if !s.switchFor(g, suite, changed) && g.kind.Critical() {
			return false
		}
	}
	return true
}

// fineAsIs reports whether an installed package fulfils the requirement, or a
// candidate that needs nothing besides.
func (s *solver) fineAsIs(g *group) bool {
	for i := range g.any {
		r := &g.any[i]
		target := s.lookup(s.target(r))
		if target.current != nil && r.Op.Holds(target.current.Version, r.Version) {
			return true
		}
		providers := s.allProviders(target)
		if r.Op == control.Any && len(providers) > 0 {
			if slices.ContainsFunc(providers, func(p provider) bool { return p.owner.pkg.cand == p.owner && s.ready(p.owner) }) {
				return true
			}
			continue
		}
		if target.cand != nil && r.Op.Holds(target.cand.Version, r.Version) && s.ready(target.cand) {
			return true
		}
	}
	return false
}

// ready reports whether all that the version needs is planned already.
func (s *solver) ready(v *version) bool {
	groups := s.requirements(v)
	for i := range groups {
		if g := &groups[i]; g.kind.Critical() && !s.satisfied(g, v, planned) {
			return false
		}
	}
	return true
}

// switchFor changes the candidate of one alternative to the suite's version.
func (s *solver) switchFor(g *group, suite string, changed *[]*version) bool {
	for i := range g.any {
		r := &g.any[i]
		target := s.lookup(s.target(r))
		n := slices.IndexFunc(target.versions, func(v *version) bool { return s.inSuite(v, suite) })
		if r.Op == control.Any || n < 0 || !r.Op.Holds(target.versions[n].Version, r.Version) {
			continue
		}
		v, before := target.versions[n], target.cand
		if v == before && slices.ContainsFunc(*changed, func(c *version) bool { return c.pkg == target }) {
			return true
		}
		*changed = append(*changed, v)
		if s.followSuite(v, suite, changed) {
			return true
		}
		if i == len(g.any)-1 {
			return false
		}
		if before != nil {
			s.setCandidate(before)
		}
		*changed = (*changed)[:len(*changed)-1]
	}
	return false
}

// validPackageName is the policy's rule: lower case letters, digits and + - .
// (and, for names that only relations have, upper case and _).
func validPackageName(name string) bool {
	if name == "" {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("+-._", rune(c))) {
			return false
		}
	}
	return true
}
