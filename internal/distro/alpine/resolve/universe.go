// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"math/bits"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
)

// A name is what packages are called, provide or need.
type name struct {
	text    string
	offers  []offer // in the order in which the packages were read
	needers []*pkg  // discovered packages that need it
	hearers []*pkg  // packages whose install_if has it

	seen, asked bool // discovered; asked for in this request
	heard       int  // how many of hearers are discovered
	order       int64
	needs       int // how often it is needed so far
	firstNeed   source
	locked      bool
	chosen      offer

	dirty, recheck, rehear   bool
	queue                    *queue
	urgent                   bool // one possibility is left, and nothing can change that
	choice                   bool // several are left
	settled                  bool // everything that needs it is decided
	automatic                bool // there is one that may be taken without being asked for
	triggered, untriggerable bool
	listened                 bool // an install_if waits for it not to be there
	visited                  bool
}

// source is who needs something; by is nil for the request.
type source struct {
	by   *pkg
	need need
}

// An offer is a package under one of the names that it provides.
type offer struct {
	pkg     *pkg
	version string // empty when it provides the name without one
}

// A need is a relation of a package or of the request.
type need struct {
	control.Relation
	name *name
}

// A pkg is one version of a package.
type pkg struct {
	rec       *control.Record
	index     *index.Index // the first that has it; nil if only the base has
	repos     uint32       // a bit for each index
	installed bool
	kept      bool // preferred as if it were installed
	outdated  bool // it may not be preferred as installed
	name      *name
	provides  []need
	depends   []need
	installIf []need
	heard     []*name // those of its names that packages wait for
	asked     bool    // heard is known
	parsed    bool    // depends is
	newer     bool    // apk couldn't install it

	seen, selectable         bool
	named, waited            int // how many of provides and installIf are discovered
	conflicts                int
	why                      reason // it isn't selectable
	grouped, used            bool   // was among the last options for a name
	allowed, preferred       uint32 // bits of tags
	tagOK, tagPreferred      bool
	triggered, untriggerable bool
	failed                   bool
	visited                  bool
	reason                   Reason
}

// reason is why a package can't be taken: what another needs, what it needs
// itself and cannot have, or another reason in words.
type reason struct {
	by   *pkg // nil for the request
	need *need
	lost bool
	text string
}

// A universe is everything that could be installed, and that is.
type universe struct {
	names    map[string]*name
	packages map[string]*pkg // by checksum
	tags     []string        // the first one is of repositories without
	tagRepos []uint32        // the indexes with each tag
	keep     map[string]string
}

func newUniverse(req *Request) *universe {
	u := &universe{names: map[string]*name{}, packages: map[string]*pkg{}, tags: []string{""}, tagRepos: []uint32{0}, keep: req.Keep}
	for i, x := range req.Indexes {
		bit := uint32(1) << min(i, 31)
		u.tagRepos[u.tag(x.Options().Tag)] |= bit
	}
	for _, r := range req.Installed.Records() {
		p := u.add(r)
		p.installed, p.outdated = true, req.Upgrade
	}
	for i, x := range req.Indexes {
		for _, r := range x.Records() {
			if r.Arch != "" && r.Arch != "noarch" && r.Arch != req.Architecture {
				continue
			}
			p := u.add(r)
			p.repos |= uint32(1) << min(i, 31)
			if p.index == nil {
				p.index = x
			}
		}
	}
	return u
}

// tag numbers a repository's tag.
func (u *universe) tag(text string) int {
	for i, t := range u.tags {
		if t == text {
			return i
		}
	}
	u.tags = append(u.tags, text)
	u.tagRepos = append(u.tagRepos, 0)
	return len(u.tags) - 1
}

// repos are the indexes with any of the tags of a mask.
func (u *universe) repos(mask uint32) (repos uint32) {
	for ; mask != 0; mask &= mask - 1 {
		if n := bits.TrailingZeros32(mask); n < len(u.tagRepos) {
			repos |= u.tagRepos[n]
		}
	}
	return repos
}

func (u *universe) lookup(text string) *name {
	n := u.names[text]
	if n == nil {
		n = &name{text: text}
		u.names[text] = n
	}
	return n
}

// add lists a package under its names, unless it is there already: two records
// with one checksum are of the same package, whatever the second one is called.
func (u *universe) add(r *control.Record) *pkg {
	if p := u.packages[r.Checksum]; p != nil {
		return p
	}
	p := &pkg{rec: r, name: u.lookup(r.Name), newer: r.Newer}
	u.packages[r.Checksum] = p
	p.kept = u.keep[r.Name] == r.Version
	// What apk can't read of these two it leaves out.
	p.provides = u.needs(p, r.Provides, false)
	p.installIf = u.needs(p, r.InstallIf, true)
	p.name.offers = append(p.name.offers, offer{p, r.Version})
	for _, n := range p.provides {
		n.name.offers = append(n.name.offers, offer{p, n.Version})
	}
	for _, n := range p.installIf {
		n.name.hearers = appendOnce(n.name.hearers, p)
	}
	return p
}

// names calls each with what the package is called and what it provides, until that
// returns false.
func (p *pkg) names(each func(*name) bool) {
	if !each(p.name) {
		return
	}
	for i := range p.provides {
		if !each(p.provides[i].name) {
			return
		}
	}
}

// parse reads what the package needs.
func (u *universe) parse(p *pkg) {
	if p.parsed {
		return
	}
	p.parsed = true
	relations, err := control.ParseRelations(p.rec.Depends)
	if err != nil {
		p.newer = true
	}
	for _, r := range relations {
		n := need{r, u.lookup(r.Name)}
		p.depends = append(p.depends, n)
		n.name.needers = appendOnce(n.name.needers, p)
	}
}

// appendOnce adds a package whose relations are read, once.
func appendOnce(packages []*pkg, p *pkg) []*pkg {
	if n := len(packages); n > 0 && packages[n-1] == p {
		return packages
	}
	return append(packages, p)
}

// needs reads relations of a package. What can't be read is left out, or with whole all
// of them are; a package with too many isn't installed.
func (u *universe) needs(p *pkg, text string, whole bool) []need {
	if text == "" {
		return nil
	}
	words := strings.Fields(text)
	if len(words) > control.MaxRelations {
		p.newer = true
		return nil
	}
	var all []need
	for _, word := range words {
		r, err := control.ParseRelation(word)
		if err != nil && whole {
			return nil
		}
		if err == nil && (whole || !r.Conflict) {
			all = append(all, need{r, u.lookup(r.Name)})
		}
	}
	return all
}

// provided reports whether an offer is what a package, or the request, needs.
// Nothing at all is what a conflict wants, and no package conflicts with itself.
func (o offer) provided(by *pkg, n *need) bool {
	switch {
	case o.pkg == nil:
		return n.Conflict
	case n.Conflict && by == o.pkg:
		return true
	case n.Op == control.Checksum:
		return (o.pkg.rec.Checksum == n.Version) != n.Conflict
	}
	return n.Op.Holds(o.version, n.Version) != n.Conflict
}
