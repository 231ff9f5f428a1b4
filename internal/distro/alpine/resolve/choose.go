// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// mayTake reports whether apk takes a package for the name without being asked
// for it. One that provides the name without a version needs a priority for
// that, or to be needed by its own name.
func (o offer) mayTake() bool {
	return o.version != "" || o.pkg.rec.Priority > 0 || o.pkg.name.needs > 0
}

// decide takes a package for a name, or none, for good.
func (s *solver) decide(n *name) {
	best := offer{}
	var equal []offer
	if n.needs > 0 || n.triggered {
		for _, o := range n.offers {
			if n.needs == 0 && (!o.pkg.triggered || !o.pkg.tagOK || !o.pkg.selectable) || !o.mayTake() {
				continue
			}
			switch c := compareOffers(o, best); {
			case c > 0:
				best, equal = o, nil
			case c == 0:
				equal = append(equal, o)
			}
		}
	}
	if best.pkg == nil {
		s.assign(n, offer{})
		if n.needs > 0 {
			s.faults = append(s.faults, fault{name: n})
		}
		return
	}
	if !best.pkg.selectable || !best.pkg.tagOK {
		s.fail(best.pkg, n)
	}
	s.tie(n, best, equal)
	s.assign(best.pkg.name, offer{best.pkg, best.pkg.rec.Version})
	for _, d := range best.pkg.provides {
		s.assign(d.name, offer{best.pkg, d.Version})
	}
	for i := range best.pkg.depends {
		s.constrain(best.pkg, &best.pkg.depends[i])
	}
}

// assign locks a name. Packages that provide it beside the chosen one are out,
// unless both do so without a version.
func (s *solver) assign(n *name, o offer) {
	if n.locked {
		if o.version != "" || n.chosen.version != "" {
			s.clash(n, o)
		}
		return
	}
	n.locked, n.chosen, n.dirty = true, o, false
	if n.queue != nil {
		n.queue.remove(n)
	}
	if o.pkg != nil && n.needs == 0 && o.pkg.triggered {
		for i := range o.pkg.installIf {
			if d := &o.pkg.installIf[i]; !d.name.locked {
				s.constrain(o.pkg, d)
			}
		}
	}
	for _, other := range n.offers {
		if other.pkg != o.pkg && (o.version != "" || other.version != "") {
			s.exclude(other.pkg, taken(n, o, other))
		}
	}
	s.wakeNeeders(n)
	if o.pkg != nil {
		s.wakeAllHearers(o.pkg)
	} else {
		s.wakeHearers(n)
	}
}

// taken is why another offer is out when one was chosen.
func taken(n *name, o, other offer) reason {
	if o.pkg == nil {
		return reason{text: "provides " + n.text + ", which must not be there"}
	}
	if other.pkg.name == n {
		return reason{text: "is " + n.text + ", which " + o.pkg.rec.Name + " provides as well and is taken"}
	}
	return reason{text: "provides " + n.text + " as " + o.pkg.rec.Name + " does, which is taken"}
}

// clash notes that two packages claim a name that only one can have, or that one does
// so twice.
func (s *solver) clash(n *name, o offer) {
	if o.pkg != nil && o.pkg == n.chosen.pkg {
		o.pkg.why = reason{text: "provides " + n.text + " twice, which apk takes for a conflict"}
	}
	if n.chosen.pkg != nil {
		s.fail(n.chosen.pkg, n)
	}
	if o.pkg != nil {
		s.fail(o.pkg, n)
	}
}

func (s *solver) fail(p *pkg, n *name) {
	if !p.failed {
		p.failed = true
		s.faults = append(s.faults, fault{name: n, pkg: p})
	}
}

// compareOffers says which of two packages is the better one for a name: it is
// positive for a. The order of the questions is apk's.
func compareOffers(a, b offer) int {
	if a.pkg == nil || b.pkg == nil {
		return yes(a.pkg != nil) - yes(b.pkg != nil)
	}
	p, q := a.pkg, b.pkg
	sameName := p.name == q.name
	installed := yes(p.installed || p.kept) - yes(q.installed || q.kept)
	questions := []int{
		yes(p.selectable) - yes(q.selectable),
		yes(p.used) - yes(q.used),
		q.conflicts - p.conflicts,
		yes(p.tagOK) - yes(q.tagOK),
		yes(p.tagPreferred) - yes(q.tagPreferred),
	}
	if sameName || a.version != "" || b.version != "" {
		questions = append(questions, p.stays()-q.stays())
	}
	questions = append(questions, control.CompareVersions(a.version, b.version))
	if sameName {
		questions = append(questions, control.CompareVersions(p.rec.Version, q.rec.Version))
	}
	questions = append(questions,
		cmp.Compare(p.rec.Priority, q.rec.Priority),
		installed,
		// The earlier repository; one that is only installed is in none.
		firstRepo(q.repos)-firstRepo(p.repos),
	)
	return cmp.Or(questions...)
}

// stays says whether a package is preferred to newer versions of it.
func (p *pkg) stays() int { return yes(p.installed && !p.outdated || p.kept) }

func firstRepo(repos uint32) int { return (bits.TrailingZeros32(repos) + 1) % 33 }

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tie notes that another package would have been as good.
func (s *solver) tie(n *name, best offer, equal []offer) {
	t := Tie{Name: n.text, Chosen: best.pkg.rec.Name}
	if by := n.firstNeed.by; by != nil {
		t.By = by.rec.Name
	}
	for _, o := range equal {
		if o.pkg.name != best.pkg.name && compareOffers(o, best) == 0 {
			t.Equal = append(t.Equal, o.pkg.rec.Name)
		}
	}
	if len(t.Equal) > 0 {
		slices.Sort(t.Equal)
		t.Equal = slices.Compact(t.Equal)
		s.ties = append(s.ties, t)
	}
}
