// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// A package of a foreign architecture goes by the name name:architecture, and is to
// the rest of the resolver one like any other. What makes two packages of one name and
// several architectures a group is said here, in relations, as apt's cache has them.

// isForeign reports whether a request is for another architecture than the image's own.
// What is for any one is for that, too.
func (u *universe) isForeign(w Wanted) bool {
	own := []string{"", "native", "all", "any", "linux-any", "any-" + u.architecture, "linux-" + u.architecture, u.architecture}
	return !slices.Contains(own, w.Arch)
}

// nameOf is the name of the package that a request means. One without an architecture is
// the image's own or, where only others have it, the first of theirs, as for apt-get.
func (u *universe) nameOf(w Wanted) string {
	if slices.Contains(u.foreign, w.Arch) {
		return index.Qualified(w.Name, w.Arch)
	}
	if w.Arch != "" || u.hasNamed(w.Name) {
		return w.Name
	}
	for _, arch := range u.foreign {
		if name := index.Qualified(w.Name, arch); u.hasNamed(name) {
			return name
		}
	}
	return w.Name
}

// isMentioned reports whether a package, or what is about it, is in an index. A name of a
// foreign architecture that no package there has or needs is none, though a package for
// all architectures may have it without.
func (u *universe) isMentioned(p *pkg) bool {
	return slices.ContainsFunc(u.indexes, func(x *index.Index) bool {
		_, ok := x.Mention(p.name)
		return ok
	})
}

// knows reports whether a request is for an architecture that the base takes packages of.
func (u *universe) knows(w Wanted) bool {
	return !u.isForeign(w) || slices.Contains(u.foreign, w.Arch)
}

// sameGroup reports whether two packages are one name's, of whatever architectures.
func (p *pkg) sameGroup(q *pkg) bool { return p == q || p.group == q.group }

// qualify says of which architecture the packages are that a version names: its own,
// where nothing else is said.
func (v *version) qualify(relations control.Alternatives) {
	if v.pkg.foreign == "" {
		return
	}
	for i := range relations {
		if relations[i].Qualifier == "" {
			relations[i].Qualifier = v.pkg.foreign
		}
	}
}

// everywhere are the relations that a prohibition stands for: one without an
// architecture is about the packages of all of them. A package that goes with itself in
// other architectures doesn't mean these.
func (u *universe) everywhere(v *version, r control.Relation) []control.Relation {
	if r.Qualifier != "" || len(u.foreign) == 0 {
		return []control.Relation{r}
	}
	var all []control.Relation
	for _, arch := range append([]string{""}, u.foreign...) {
		if r.Name == v.pkg.group && v.MultiArch == "same" && arch != v.pkg.foreign {
			continue
		}
		one := r
		one.Qualifier = arch
		all = append(all, one)
	}
	return all
}

// addSiblings adds what a version forbids of its own package in other architectures:
// other versions if it is Multi-Arch: same, and else all.
func (u *universe) addSiblings(v *version) {
	if len(u.foreign) == 0 {
		return
	}
	for _, arch := range append([]string{""}, u.foreign...) {
		if arch == v.pkg.foreign || len(u.lookup(index.Qualified(v.pkg.group, arch)).versions) == 0 {
			continue
		}
		r := control.Relation{Name: v.pkg.group, Qualifier: arch, Itself: true}
		if v.MultiArch != "same" {
			v.groups = append(v.groups, group{kind: control.Conflicts, any: control.Alternatives{r}})
			continue
		}
		for _, op := range []control.Operator{control.Earlier, control.Later} {
			r.Op, r.Version = op, v.Version
			v.groups = append(v.groups, group{kind: control.Breaks, any: control.Alternatives{r}})
		}
	}
}

// hasSibling reports whether the base has the package in some architecture, and it goes
// with itself in others.
func (u *universe) hasSibling(v *version) bool {
	if len(u.foreign) == 0 || v.MultiArch != "same" {
		return false
	}
	for _, arch := range append([]string{""}, u.foreign...) {
		if u.lookup(index.Qualified(v.pkg.group, arch)).current != nil {
			return true
		}
	}
	return false
}
