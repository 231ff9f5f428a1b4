// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

// askedBit and realBit are bits of a name's order above its number. The greatest
// goes first: what was asked for, then the names that packages are called by,
// then what needs others before what is needed.
const (
	askedBit = int64(1) << 42
	realBit  = int64(1) << 41
)

// discover finds what could come with a name, and numbers it after what it
// needs.
func (s *solver) discover(n *name) {
	if n.seen {
		return
	}
	n.seen, n.untriggerable = true, true
	isReal := false
	for _, o := range n.offers {
		s.discoverPackage(o.pkg)
		n.untriggerable = n.untriggerable && o.pkg.untriggerable
		isReal = isReal || o.pkg.name == n
	}
	s.discoverHearers(n)
	for _, o := range n.offers {
		s.discoverHearers(o.pkg.name)
		s.discoverProvided(o.pkg)
	}
	s.count++
	n.order = s.count
	if n.asked {
		n.order |= askedBit
	}
	if isReal {
		n.order |= realBit
	}
	for _, o := range n.offers {
		for p := o.pkg; p.waited < len(p.installIf); {
			p.waited++
			s.discover(p.installIf[p.waited-1].name)
		}
	}
}

// discoverHearers finds the names of what a name may bring in. Discovery leads back to
// where it is: it goes on from there.
func (s *solver) discoverHearers(n *name) {
	for n.heard < len(n.hearers) {
		at := n.heard
		s.discover(n.hearers[at].name)
		s.discoverProvided(n.hearers[at])
		n.heard = max(n.heard, at+1)
	}
}

// discoverProvided finds the names that a package provides.
func (s *solver) discoverProvided(p *pkg) {
	for p.named < len(p.provides) {
		p.named++
		s.discover(p.provides[p.named-1].name)
	}
}

func (s *solver) discoverPackage(p *pkg) {
	if p.seen {
		return
	}
	p.seen = true
	s.parse(p)
	p.selectable = !p.newer && (p.repos != 0 || p.installed)
	if p.newer {
		p.why = reason{text: "needs a newer apk"}
	}
	p.untriggerable = len(p.installIf) == 0
	p.allowed, p.preferred = 1, 1
	p.tagPreferred = p.rec.InstalledSize == 0 || s.reposOf(p)&s.repos(1) != 0
	p.tagOK = p.tagPreferred || p.installed
	for _, d := range p.depends {
		s.discover(d.name)
	}
}

// reposOf are the indexes that have a package, or that it was installed from.
func (s *solver) reposOf(p *pkg) uint32 {
	if p.installed {
		return p.repos | s.tagRepos[s.tag(p.rec.Tag)]
	}
	return p.repos
}

// inherit lets a package come from the tagged repositories that the one that
// needs it may come from; by is nil for the request, with the request's tag.
func (s *solver) inherit(p, by *pkg, tag int) {
	if by != nil {
		p.allowed |= by.allowed
	} else {
		p.allowed |= 1 << tag
		p.preferred = 1 << tag
		p.tagPreferred = s.reposOf(p)&s.repos(p.preferred) != 0
	}
	p.tagOK = p.tagOK || s.reposOf(p)&s.repos(p.allowed) != 0
}
