// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
)

// explain finds out, after all attempts have failed, which request is to blame. It
// walks from each request along what is needed: first for something that nothing
// fulfils, then for two packages that exclude each other.
func (s *solver) explain(wanted []request) error {
	for _, w := range wanted {
		if err := s.explainMissing(w); err != nil {
			return err
		}
	}
	if err := s.explainConflict(wanted); err != nil {
		return err
	}
	for _, p := range s.all() {
		if !s.broken(p, false) {
			continue
		}
		groups := s.requirements(p.install)
		for i := range groups {
			if g := &groups[i]; g.kind.Critical() && !s.satisfied(g, p.install, planned) {
				return &distro.UnsatisfiableError{
					Wanted: s.requestOf(p, wanted), Missing: g.any.String(),
					Chain: []string{sentence(p.install, g) + ", and apt's rules find no way to that"},
				}
			}
		}
	}
	return &distro.UnsatisfiableError{Wanted: wanted[0].Name, Chain: []string{"apt's rules find no way to it"}}
}

// requestOf returns the request that leads to a package.
func (s *solver) requestOf(p *pkg, wanted []request) string {
	for _, w := range wanted {
		if slices.Contains(s.closure(w.version.pkg), p) {
			return w.Name
		}
	}
	return wanted[0].Name
}

// sentence is one link of a chain.
func sentence(v *version, g *group) string {
	verb := map[control.Kind]string{
		control.PreDepends: "needs", control.Depends: "needs", control.Conflicts: "conflicts with", control.Breaks: "breaks", control.Recommends: "recommends",
	}[g.kind]
	return v.Name + " " + verb + " " + g.any.String()
}

// A link is a step on the way from a request.
type link struct {
	from *link
	v    *version
	g    *group // of from, that led here
}

func (l *link) chain() []string {
	var words []string
	for ; l.from != nil; l = l.from {
		words = append(words, sentence(l.from.v, l.g))
	}
	slices.Reverse(words)
	return words
}

// explainMissing looks for a requirement that nothing at all can fulfil.
func (s *solver) explainMissing(w request) error {
	seen := map[*version]bool{w.version: true}
	queue := []*link{{v: w.version}}
	for len(queue) > 0 {
		l := queue[0]
		queue = queue[1:]
		groups := s.requirements(l.v)
		for i := range groups {
			g := &groups[i]
			if g.kind.Negative() || !g.kind.Critical() {
				continue
			}
			options := s.anyVersions(g)
			if len(options) == 0 {
				return &distro.UnsatisfiableError{
					Wanted: w.Name, Missing: g.any.String(),
					Chain: append(l.chain(), sentence(l.v, g)+s.why(g)),
				}
			}
			// Only what cannot be avoided is to blame.
			if len(options) == 1 && !seen[options[0]] {
				seen[options[0]] = true
				queue = append(queue, &link{from: l, v: options[0], g: g})
			}
		}
	}
	return nil
}

// anyVersions returns the versions that could come in for a requirement: the
// candidates, and what is installed or wanted.
func (s *solver) anyVersions(g *group) []*version {
	var list []*version
	seen := map[*version]bool{}
	add := func(v *version) {
		if !seen[v] && s.eligible(v) {
			seen[v] = true
			list = append(list, v)
		}
	}
	for i := range g.any {
		r := &g.any[i]
		target := s.lookup(s.target(r))
		for _, v := range target.versions {
			if r.Op.Holds(v.Version, r.Version) {
				add(v)
			}
		}
		for _, p := range s.allProviders(target) {
			if p.holds(r) {
				add(p.owner)
			}
		}
	}
	return list
}

func (s *solver) eligible(v *version) bool {
	p := v.pkg
	if p.excluded || p.held && p.current != v {
		return false
	}
	return p.install == v || p.current == v || p.cand == v || (p.cand == nil && p.install == nil && s.candidate(p) == v)
}

// why says what there is instead of what is missing.
func (s *solver) why(g *group) string {
	r := g.any[0]
	target := s.lookup(s.target(&r))
	if name := s.excludedFor(g); name != "" {
		return ", and the build file keeps out " + name
	}
	switch {
	case len(target.versions) == 0:
		return ", which no repository has"
	case target.fixed && target.install != nil:
		return ", but version " + target.install.Version + " is to be installed"
	case target.held && target.current == nil:
		return ", but the base holds it back"
	case target.held:
		return ", but version " + target.current.Version + " is installed and held"
	case target.current != nil && (target.cand == nil || target.cand == target.current):
		return ", but the base has version " + target.current.Version + ", and no repository one that fits"
	}
	v := target.cand
	if v == nil {
		v = target.versions[0]
	}
	return ", but the version to be had is " + v.Version
}

// closure returns what is planned because of a package, itself first.
func (s *solver) closure(p *pkg) []*pkg {
	seen := map[*pkg]bool{p: true}
	found := []*pkg{p}
	for n := 0; n < len(found); n++ {
		v := found[n].install
		if v == nil {
			continue
		}
		groups := s.requirements(v)
		for i := range groups {
			if groups[i].kind.Negative() || !groups[i].kind.Critical() {
				continue
			}
			for _, option := range s.anyVersions(&groups[i]) {
				if !seen[option.pkg] {
					seen[option.pkg] = true
					found = append(found, option.pkg)
				}
			}
		}
	}
	return found
}
