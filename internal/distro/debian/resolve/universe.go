// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// A universe is what one resolution knows: packages come into it when they are
// asked for, so a small request costs little with a large archive.
type universe struct {
	architecture string
	foreign      []string       // other architectures of which there are packages
	indexes      []*index.Index // the archive's, then the one of the status, then that of files
	status       *index.Status
	files        *index.Index
	pins         []index.Pin
	packages     map[string]*pkg
	excluded     map[string]bool     // names of packages that must not come in
	records      map[origin]*version // of the packages that were looked up
	outdated     []*pkg              // installed, and some index has another version
}

// A pkg is a name: a real package, or one that others provide, or neither.
type pkg struct {
	name     string
	group    string     // the name without an architecture
	foreign  string     // the architecture, if it isn't the image's own
	versions []*version // newest first
	current  *version   // installed in the base
	held     bool
	excluded bool // it must not come in
	// essential packages and important ones are never removed.
	essential, important bool
	providers            []provider
	providersRead        bool
	order                uint64

	state
}

// A version is one that can be had, or that is installed.
type version struct {
	pkg *pkg
	index.Entry
	origins []origin
	groups  []group
	parsed  bool
}

// number is the version's own; empty for nil.
func (v *version) number() string {
	if v == nil {
		return ""
	}
	return v.Version
}

// isIn reports whether an index lists the version.
func (v *version) isIn(x *index.Index) bool {
	return slices.ContainsFunc(v.origins, func(o origin) bool { return o.index == x })
}

// origin is a place where a version is listed.
type origin struct {
	index  *index.Index
	record int32
}

// provider is a version that provides a name, in some version or in none.
type provider struct {
	owner   *version
	version string
}

// group is one requirement or one prohibition of a version.
type group struct {
	kind control.Kind
	any  control.Alternatives
}

func newUniverse(req *Request) *universe {
	u := &universe{
		architecture: req.Architecture,
		foreign:      req.Foreign,
		indexes:      slices.Clone(req.Indexes),
		status:       req.Installed,
		files:        req.Files,
		pins:         req.Pins,
		packages:     make(map[string]*pkg, 256),
		records:      map[origin]*version{},
	}
	if req.Installed == nil || req.Installed.Index() == nil {
		u.status = &index.Status{}
	}
	x := u.status.Index()
	for _, more := range []*index.Index{x, req.Files} {
		if more != nil {
			u.indexes = append(u.indexes, more)
		}
	}
	u.exclude(req.Wanted)
	if x == nil {
		return u
	}
	for n := range int32(x.Len()) { //nolint:gosec // the index of a record
		if u.isOutdated(x.Name(n), x.Version(n)) {
			u.outdated = append(u.outdated, u.lookup(x.Name(n)))
		}
	}
	return u
}

// isOutdated reports whether some index has another version than is installed.
func (u *universe) isOutdated(name, installed string) bool {
	for _, x := range u.indexes {
		for n := range x.Named(name) {
			if x.Version(n) != installed {
				return true
			}
		}
	}
	return false
}

// installed returns the packages of the base, in the order of its database.
func (u *universe) installed() []*pkg {
	x := u.status.Index()
	if x == nil {
		return nil
	}
	list := make([]*pkg, x.Len())
	for i := range list {
		list[i] = u.lookup(x.Name(int32(i))) //nolint:gosec // the index of a record
	}
	return list
}

// lookup returns the package of that name; it may be without any version.
func (u *universe) lookup(name string) *pkg {
	if p, ok := u.packages[name]; ok {
		return p
	}
	p := &pkg{name: name, important: name == "apt", essential: name == "apt"} // as apt's own default has it
	if p.group, p.foreign = index.Unqualified(name); p.foreign == "any" {
		p.group, p.foreign = name, "" // a name of its own, as good a one as any that its providers have
	}
	u.packages[name] = p
	for _, r := range u.recordsOf(name) {
		if v := u.addVersion(p, r); r.index == u.status.Index() {
			p.current = v
		}
	}
	p.held = u.status.Held(name)
	p.install = p.current
	// As in apt what must not come in keeps its candidate: what needs it is tried and
	// taken back, and may leave behind what others recommend.
	p.excluded, p.fixed = u.excluded[name], u.excluded[name]
	p.cand = u.candidate(p)
	p.known = p.cand
	return p
}

// A record is a package's in an index.
type record struct {
	origin
	index.Entry
}

// recordsOf are those of a name, the newest version first, and of one version in the order
// of the indexes.
func (u *universe) recordsOf(name string) []record {
	var all []record
	for _, x := range u.indexes {
		for n := range x.Named(name) {
			all = append(all, record{origin{x, n}, x.Entry(n)})
		}
	}
	slices.SortStableFunc(all, func(a, b record) int { return control.CompareVersions(b.Version, a.Version) })
	return all
}

// addVersion puts the next record among the versions of its package. The same version of
// several places is one version.
func (u *universe) addVersion(p *pkg, r record) *version {
	p.essential = p.essential || r.Essential
	p.important = p.important || r.Important
	var v *version
	if last := len(p.versions) - 1; last >= 0 && control.CompareVersions(p.versions[last].Version, r.Version) == 0 {
		v = p.versions[last]
		if r.index == u.files && !v.isIn(u.status.Index()) {
			v.Entry = r.Entry // the file is taken, whatever an archive says of that version
		}
		v.origins = append(v.origins, r.origin)
	} else {
		v = &version{pkg: p, Entry: r.Entry, origins: []origin{r.origin}}
		p.versions = append(p.versions, v)
	}
	u.records[r.origin] = v
	return v
}

// candidate chooses the version that would be installed: the one of the highest
// priority, of these the newest; one older than what is installed only with a
// priority of 1000 or more. This is apt_preferences(5).
func (u *universe) candidate(p *pkg) *version {
	var best *version
	bestPriority := -1
	for _, v := range p.versions {
		priority := u.priority(v)
		if priority == 0 || priority <= bestPriority {
			continue
		}
		if p.current != nil && priority < 1000 && control.CompareVersions(v.Version, p.current.Version) < 0 {
			continue
		}
		best, bestPriority = v, priority
	}
	return best
}

// priority is that of a pin for the version, or else the highest of its places.
func (u *universe) priority(v *version) int {
	if pinned, ok := u.pinned(v); ok {
		return pinned
	}
	highest := 0
	for i, o := range v.origins {
		priority := u.originPriority(o)
		if i == 0 || priority > highest {
			highest = priority
		}
	}
	return highest
}

// allProviders returns the versions that provide the package's name.
func (u *universe) allProviders(p *pkg) []provider {
	if p.providersRead {
		return p.providers
	}
	p.providersRead = true
	for _, x := range u.indexes {
		for _, provided := range x.Provisions(p.name) {
			v := u.versionOf(x, provided.Record)
			if v != nil && v.origins[0] == (origin{x, provided.Record}) {
				p.providers = append(p.providers, provider{v, provided.Version})
			}
		}
	}
	return p.providers
}

func (u *universe) versionOf(x *index.Index, n int32) *version {
	u.lookup(x.Name(n))
	return u.records[origin{x, n}]
}

// requirements returns the relations of the version, in apt's order.
func (u *universe) requirements(v *version) []group {
	if v.parsed {
		return v.groups
	}
	v.parsed = true
	for k := range control.Replaces {
		all, err := control.ParseRelations(v.Relations[k])
		if err != nil {
			// A relation that can't be read is one that nothing fulfils.
			v.groups = append(v.groups, group{kind: control.Depends, any: control.Alternatives{{Name: fmt.Sprintf("(%s: %.60s)", k, v.Relations[k])}}})
			continue
		}
		for _, alternatives := range all {
			u.addGroups(v, k, alternatives)
		}
	}
	u.addSiblings(v)
	return v.groups
}

// target is the name that a relation is about on this system.
func (u *universe) target(r *control.Relation) string { return r.Target(u.architecture) }

// addGroups adds alternatives as one group, prohibitions each as its own.
func (u *universe) addGroups(v *version, k control.Kind, alternatives control.Alternatives) {
	alternatives = slices.DeleteFunc(alternatives, func(r control.Relation) bool { return !r.Applies(u.architecture) })
	if len(alternatives) == 0 {
		return
	}
	if !k.Negative() {
		v.qualify(alternatives)
		v.groups = append(v.groups, group{kind: k, any: alternatives})
		return
	}
	for _, forbidden := range alternatives {
		for _, r := range u.everywhere(v, forbidden) {
			v.groups = append(v.groups, group{kind: k, any: control.Alternatives{r}})
		}
	}
}

// orderOf numbers a name by where it comes up first: in the first index, in the
// next one, in the status. apt's cache numbers its packages so, and where
// nothing else decides, apt goes by that number.
func (u *universe) orderOf(p *pkg) uint64 {
	if p.order != 0 {
		return p.order
	}
	for i, x := range u.indexes {
		if n, ok := x.Mention(p.name); ok {
			p.order = uint64(i+1)<<32 | uint64(n) //nolint:gosec // i counts indexes
			return p.order
		}
	}
	return 0
}

func (u *universe) byOrder(a, b *pkg) int {
	return cmp.Or(cmp.Compare(u.orderOf(a), u.orderOf(b)), strings.Compare(a.name, b.name))
}

// downloadable reports whether an archive lists the version.
func (u *universe) downloadable(v *version) bool {
	return slices.ContainsFunc(v.origins, func(o origin) bool {
		return o.index != u.status.Index()
	})
}
