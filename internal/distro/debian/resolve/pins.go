// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

// pinned returns the priority that the first pin naming the package gives to the
// version, unless no place that has it may be used.
func (u *universe) pinned(v *version) (priority int, ok bool) {
	p := u.named(v)
	if p == nil || !slices.ContainsFunc(v.origins, func(o origin) bool { return u.originPriority(o) != index.NeverPriority }) {
		return 0, false
	}
	return p.Priority, true
}

// pinOf returns the pin that decides about a version, or nil.
func (u *universe) pinOf(v *version) *index.Pin {
	if p := u.named(v); p != nil {
		return p
	}
	for _, o := range v.origins {
		for i := range u.pins {
			if p := &u.pins[i]; p.General() && u.matches(p, o) {
				return p
			}
		}
	}
	return nil
}

// named returns the first pin that names the package and is about the version, or nil.
func (u *universe) named(v *version) *index.Pin {
	source, _ := v.SourceOf()
	for i := range u.pins {
		p := &u.pins[i]
		if p.General() || !p.Names(v.pkg.group, source, cmp.Or(v.pkg.foreign, u.architecture), v.pkg.foreign == "") {
			continue
		}
		if p.Kind == "version" {
			if p.IsVersion(v.Version) {
				return p
			}
			continue
		}
		for _, o := range v.origins {
			if u.matches(p, o) {
				return p
			}
		}
	}
	return nil
}

// originPriority is that of the first general pin that matches the place, or
// else the place's own. A pin that says never comes before all others.
func (u *universe) originPriority(o origin) int {
	var first *index.Pin
	for i := range u.pins {
		p := &u.pins[i]
		if !p.General() || first != nil && p.Priority != index.NeverPriority || !u.matches(p, o) {
			continue
		}
		if first = p; p.Priority == index.NeverPriority {
			break
		}
	}
	if first != nil {
		return first.Priority
	}
	return o.index.Priority()
}

// matches compares a pin by release or origin with a place.
func (u *universe) matches(p *index.Pin, o origin) bool {
	if o.index == u.status.Index() {
		return p.MatchesInstalled()
	}
	return p.Matches(o.index.Options())
}
