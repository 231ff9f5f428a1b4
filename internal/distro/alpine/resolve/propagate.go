// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import "slices"

// constrain notes that something is needed, or must not be there, by a package
// or by the request, and takes out what doesn't fit.
func (s *solver) constrain(by *pkg, n *need) {
	if !n.Conflict {
		if n.name.needs++; n.name.needs == 1 {
			n.name.firstNeed = source{by, *n}
			s.needed(n.name)
		}
	}
	for _, o := range n.name.offers {
		if o.provided(by, n) {
			s.inherit(o.pkg, by, s.tag(n.Tag))
			continue
		}
		o.pkg.conflicts++
		if o.pkg.selectable {
			s.exclude(o.pkg, reason{by: by, need: n})
		}
	}
}

// needed follows from a name's being needed for the first time.
func (s *solver) needed(n *name) {
	s.enqueue(n, false)
	s.wakeHearers(n)
	s.pushDirty(n)
}

// exclude takes out a package, and has all looked at again that this may matter to.
func (s *solver) exclude(p *pkg, why reason) {
	if p.selectable {
		p.selectable, p.why = false, why
	}
	s.wakeNeeders(p.name)
	for _, provided := range p.provides {
		s.wakeNeeders(provided.name)
	}
	s.wakeAllHearers(p)
}

func (s *solver) wakeNeeders(n *name) {
	for _, p := range n.needers {
		p.names(func(other *name) bool {
			if other.seen {
				other.recheck = true
				s.pushDirty(other)
			}
			return true
		})
	}
}

func (s *solver) wakeHearers(n *name) {
	for _, p := range n.hearers {
		p.names(func(other *name) bool {
			if other.seen && !other.untriggerable {
				other.rehear = true
				s.pushDirty(other)
			}
			return true
		})
	}
}

func (s *solver) wakeAllHearers(p *pkg) {
	if !p.asked {
		p.asked = true
		p.names(func(n *name) bool {
			if len(n.hearers) > 0 {
				p.heard = append(p.heard, n)
			}
			return true
		})
	}
	for _, n := range p.heard {
		s.wakeHearers(n)
	}
}

// possible reports whether a need of a package can still be fulfilled.
func (s *solver) possible(p *pkg, n *need) bool {
	if n.name.locked {
		return n.name.chosen.provided(p, n)
	}
	if n.name.needs == 0 && n.Conflict {
		return true
	}
	return slices.ContainsFunc(n.name.offers, func(o offer) bool { return o.pkg.selectable && o.provided(p, n) })
}

// reconsider looks at a name again: which packages are still possible for it,
// and what follows from that for others.
func (s *solver) reconsider(n *name) {
	recheck, rehear := n.recheck, n.rehear
	n.recheck, n.rehear = false, false
	n.triggered, n.untriggerable = false, true
	var options []offer
	automatic, tags := false, true
	for _, o := range n.offers {
		p := o.pkg
		p.grouped = false
		if recheck && p.selectable {
			s.recheck(p)
		}
		if !p.selectable {
			continue
		}
		if rehear {
			s.rehear(p)
		}
		n.triggered = n.triggered || p.triggered
		n.untriggerable = n.untriggerable && p.untriggerable
		automatic = automatic || p.triggered
		if n.needs > 0 {
			p.grouped = true
			tags = tags && p.tagOK
			options = append(options, o)
			automatic = automatic || o.mayTake()
		}
	}
	n.choice = len(options) > 1 || !tags
	again := automatic != n.automatic
	n.automatic = automatic
	s.follow(n, options)
	n.settled = n.isSettled()
	s.enqueue(n, again)
}

// isSettled reports whether everything that needs a name is decided.
func (n *name) isSettled() bool {
	settled := true
	for _, p := range n.needers {
		p.names(func(other *name) bool {
			settled = !other.seen || other.locked
			return settled
		})
		if !settled {
			return false
		}
	}
	return true
}

// recheck takes out a package that needs something impossible by now.
func (s *solver) recheck(p *pkg) {
	for i := range p.depends {
		if !s.possible(p, &p.depends[i]) {
			s.exclude(p, reason{by: p, need: &p.depends[i], lost: true})
			return
		}
	}
}

// rehear looks whether a package's install_if has come true.
func (s *solver) rehear(p *pkg) {
	if !p.triggered && !p.untriggerable {
		p.triggered = true
		for i := range p.installIf {
			n := &p.installIf[i]
			if n.name.locked && n.name.chosen.provided(p, n) {
				continue
			}
			p.triggered, p.untriggerable = false, n.name.locked
			if !n.name.locked && n.Conflict {
				n.name.listened = true
				s.enqueue(n.name, false)
			}
			break
		}
	}
	if p.triggered {
		for _, n := range p.installIf {
			if by := n.name.chosen.pkg; by != nil {
				s.inherit(p, by, 0)
			}
		}
	}
}

// follow draws conclusions from what all options for a name have in common: what
// all need is needed, and who else provides what all provide is out.
func (s *solver) follow(n *name, options []offer) {
	if len(options) == 0 {
		return
	}
	for _, o := range n.offers {
		o.pkg.used = o.pkg.grouped
	}
	needed, provided := map[*name]int{}, map[*name]*common{}
	for i, o := range options {
		for _, d := range o.pkg.depends {
			if !d.Conflict && needed[d.name] == i {
				needed[d.name] = i + 1
			}
		}
		count(provided, o.pkg.name, i, o.version == "")
		for _, d := range o.pkg.provides {
			count(provided, d.name, i, d.Version == "")
		}
	}
	first := options[0].pkg
	for i := range first.depends {
		d := &first.depends[i]
		if needed[d.name] != len(options) {
			continue
		}
		delete(needed, d.name)
		switch {
		case len(options) == 1:
			s.constrain(first, d)
		case d.name.needs == 0:
			d.name.needs++
			d.name.firstNeed = source{first, *d}
			s.needed(d.name)
			for _, o := range d.name.offers {
				s.inherit(o.pkg, first, 0)
			}
		}
	}
	s.narrow(n, first.name, provided, len(options))
	for _, d := range first.provides {
		s.narrow(n, d.name, provided, len(options))
	}
}

// common counts how many of the options provide a name.
type common struct {
	options     int
	unversioned bool // by one of them without a version
}

func count(all map[*name]*common, n *name, option int, unversioned bool) {
	c := all[n]
	if c == nil {
		c = &common{}
		all[n] = c
	}
	if c.options == option {
		c.options++
		c.unversioned = c.unversioned || unversioned
	}
}

// narrow takes out the packages that provide a name that will be provided by
// whoever provides n, and don't provide n.
func (s *solver) narrow(n, shared *name, provided map[*name]*common, options int) {
	c := provided[shared]
	if c == nil || c.options != options || shared == n {
		return
	}
	delete(provided, shared)
	for _, o := range shared.offers {
		p := o.pkg
		if p.name == n || !p.selectable || c.unversioned && o.version == "" {
			continue
		}
		compatible := slices.ContainsFunc(p.provides, func(d need) bool { return d.name == n || c.unversioned && d.Version == "" })
		if !compatible {
			s.exclude(p, reason{text: "provides " + shared.text + ", as does what is taken for " + n.text})
		}
	}
}
