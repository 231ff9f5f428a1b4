// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"slices"

	"github.com/strata-build/strata/internal/distro"
)

// ExcludedError is a package that must not come in, and that the base has or that is
// asked for.
type ExcludedError struct {
	Name string
	// Version is that of the base; Wanted is the name that is asked for instead.
	Version, Wanted string
}

// Requested returns the request that can't be fulfilled.
func (e *ExcludedError) Requested() string {
	if e.Wanted != "" {
		return e.Wanted
	}
	return "!" + e.Name
}

// Error says what to take away.
func (e *ExcludedError) Error() string {
	switch e.Wanted {
	case "":
		return fmt.Sprintf("keep out the package %s: the base has %s; take it out in a build layer before this one, or take another base", e.Name, e.Version)
	case e.Name:
		return fmt.Sprintf("keep out the package %s: the build file asks for it as well; take one of the two away", e.Name)
	}
	return fmt.Sprintf("keep out the package %s: the build file asks for %s, which nothing else provides; take one of the two away", e.Name, e.Wanted)
}

// exclude notes which packages must not come in: those of that name, or for a name
// that no package has, those that provide it. None is known yet.
func (u *universe) exclude(wanted []Wanted) {
	u.excluded = map[string]bool{}
	for _, w := range wanted {
		if !w.Not {
			continue
		}
		if name := u.nameOf(w); u.hasNamed(name) {
			u.excluded[name] = true
			continue
		}
		for _, x := range u.indexes {
			for _, provided := range x.Provisions(u.nameOf(w)) {
				u.excluded[x.Name(provided.Record)] = true
			}
		}
	}
}

// hasNamed reports whether there is a package of that name.
func (u *universe) hasNamed(name string) bool {
	for _, x := range u.indexes {
		for range x.Named(name) {
			return true
		}
	}
	return false
}

// checkExcluded refuses to keep out what the base has, and notes names that keep
// nothing out.
func (s *solver) checkExcluded(req *Request, sol *Solution) error {
	for _, w := range req.Wanted {
		if !w.Not {
			continue
		}
		if !s.knows(w) {
			return &ForeignArchitectureError{Name: w.Name, Architecture: w.Arch, Native: s.architecture, Not: true}
		}
		p := s.lookup(s.nameOf(w))
		if len(p.versions) == 0 && len(s.allProviders(p)) == 0 {
			sol.Absent = append(sol.Absent, &distro.UnknownPackageError{Name: w.FullName(), Nearest: s.nearest(w.Name)})
		}
		if p.current != nil {
			return &ExcludedError{Name: w.Name, Version: p.name + " " + p.current.Version}
		}
		if len(p.versions) > 0 {
			continue
		}
		for _, provided := range s.allProviders(p) {
			if by := provided.owner; by.pkg.current == by {
				return &ExcludedError{Name: w.Name, Version: by.Name + " " + by.Version + ", which provides it"}
			}
		}
	}
	return nil
}

// excludedProvider is a package that provides a name and must not come in; "" when
// there is none.
func (s *solver) excludedProvider(p *pkg) string {
	for _, provided := range s.allProviders(p) {
		if provided.owner.pkg.excluded {
			return provided.owner.Name
		}
	}
	return ""
}

// excludedFor is a package that would fulfil a requirement and must not come in; ""
// when there is none.
func (s *solver) excludedFor(g *group) string {
	for i := range g.any {
		r := &g.any[i]
		target := s.lookup(s.target(r))
		if target.excluded && slices.ContainsFunc(target.versions, func(v *version) bool { return r.Op.Holds(v.Version, r.Version) }) {
			return target.name
		}
		for _, provided := range s.allProviders(target) {
			if provided.owner.pkg.excluded && provided.holds(r) {
				return provided.owner.Name
			}
		}
	}
	return ""
}
