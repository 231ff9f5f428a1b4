// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// Check looks at an answer with none of Resolve's code: it reads the paragraphs again
// and holds each rule against the whole system as it is to be. A nil error
// means that every package is in an index with that very file, that everything
// needed is there and nothing forbidden, and that each request is fulfilled.
//
// Whoever uses a Solution, resolved or read from a lock, runs Check on it first.
func Check(req Request, sol *Solution) error {
	c := &checker{req: req, system: map[string]*member{}, provided: map[string][]offer{}}
	var problems []error
	problems = append(problems, c.load(sol)...)
	for _, m := range c.sorted() {
		problems = append(problems, c.member(m)...)
	}
	for _, w := range req.Wanted {
		problems = append(problems, c.wanted(w))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("check the resolved packages: %w", err)
	}
	return nil
}

// A checker knows the system as it is to be.
type checker struct {
	req      Request
	system   map[string]*member
	provided map[string][]offer // by name, real ones too
}

// member is one package that will be there.
type member struct {
	name, version  string
	group, foreign string            // the name without an architecture, and that one if it is foreign
	fields         map[string]string // by lower-case name
	added          bool
}

// offer is a name that a member stands for, in a version or in none.
type offer struct {
	by      *member
	version string
}

// load puts the system together: what is installed, without what goes, and what
// comes.
func (c *checker) load(sol *Solution) (problems []error) {
	gone := map[string]bool{}
	for _, name := range sol.Removed {
		gone[name] = true
	}
	for _, p := range c.req.Installed.Packages() {
		if gone[p.Name] && (p.Essential || p.Held) {
			problems = append(problems, fmt.Errorf("%s is essential or held and must not be removed", p.Name))
		}
		if !gone[p.Name] {
			c.system[p.Name] = newMember(p.Name, p.Version, p.Control)
		}
	}
	added := map[string]bool{}
	for i := range sol.Packages {
		p := &sol.Packages[i]
		if added[p.Name] {
			problems = append(problems, fmt.Errorf("%s is there twice", p.Name))
		}
		added[p.Name] = true
		control, err := c.listed(p)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		m := newMember(p.Name, p.Version, control)
		m.added = true
		c.system[p.Name] = m
	}
	for _, m := range c.system {
		c.offer(m)
	}
	return problems
}

// listed finds a package in the indexes, with its file.
func (c *checker) listed(p *Package) (control string, err error) {
	_, foreign := index.Unqualified(p.Name)
	if p.Architecture != "all" && p.Architecture != cmp.Or(foreign, c.req.Architecture) {
		return "", fmt.Errorf("%s is of the architecture %s, not %s", p.Name, p.Architecture, c.req.Architecture)
	}
	if _, err := hex.DecodeString(p.SHA256); err != nil || len(p.SHA256) != 64 || p.Filename == "" || p.Size <= 0 {
		return "", fmt.Errorf("%s has no file, size or sha256", p.Name)
	}
	if slices.Contains(strings.Split(p.Filename, "/"), "..") || strings.ContainsAny(p.Filename, "?#") || strings.ContainsFunc(p.Filename, unicode.IsControl) {
		return "", fmt.Errorf("%s has the file %q, which leads out of the archive or can't be in one", p.Name, p.Filename)
	}
	for _, x := range c.req.lists() {
		for n := range x.Named(p.Name) {
			fields := paragraphFields(x.Paragraph(n))
			if fields["version"] == p.Version && strings.EqualFold(fields["sha256"], p.SHA256) &&
				fields["filename"] == p.Filename && fields["size"] == strconv.FormatInt(p.Size, 10) && x.Options().Repository == p.Repository {
				return x.Paragraph(n), nil
			}
		}
	}
	return "", fmt.Errorf("%s %s with the sha256 %s is in no index", p.Name, p.Version, p.SHA256)
}

func paragraphFields(text string) map[string]string {
	all := map[string]string{}
	p, err := control.NewReader("", text).Next()
	if err != nil {
		return all
	}
	for _, f := range p {
		all[strings.ToLower(f.Name)] = f.Value
	}
	return all
}

func newMember(name, version, control string) *member {
	m := &member{name: name, version: version, fields: paragraphFields(control)}
	m.group, m.foreign = index.Unqualified(name)
	return m
}

// offer notes every name the member stands for.
func (c *checker) offer(m *member) {
	c.stand(m, m.group, m.version)
	for r, err := range control.Relations(m.fields["provides"]) {
		if err != nil {
			break // the rest of the field counts for nothing
		}
		if r.Op != control.Any && r.Op != control.Equal {
			continue
		}
		if r.Qualifier != "" {
			name := r.Target(c.req.Architecture)
			c.provided[name] = append(c.provided[name], offer{m, r.Version})
			continue
		}
		c.stand(m, r.Name, r.Version)
	}
}

// stand notes a name of the member's, as its field Multi-Arch makes it one for others.
func (c *checker) stand(m *member, name, version string) {
	names := []string{index.Qualified(name, m.foreign)}
	switch m.fields["multi-arch"] {
	case "allowed":
		names = append(names, name+":any")
	case "foreign":
		names = c.everywhere(name)
	}
	for _, n := range names {
		c.provided[n] = append(c.provided[n], offer{m, version})
	}
}

// everywhere is a name as each architecture has it.
func (c *checker) everywhere(name string) []string {
	names := []string{name}
	for _, arch := range c.req.Foreign {
		names = append(names, index.Qualified(name, arch))
	}
	return names
}

func (c *checker) sorted() []*member {
	list := make([]*member, 0, len(c.system))
	for _, m := range c.system {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *member) int { return strings.Compare(a.name, b.name) })
	return list
}

// member holds a package's own relations against the system.
func (c *checker) member(m *member) (problems []error) {
	for _, name := range c.everywhere(m.group) {
		if other := c.system[name]; other != nil && (other.fields["multi-arch"] != "same" || m.version != other.version) && other != m {
			problems = append(problems, fmt.Errorf("%s %s and %s %s can't be there together", m.name, m.version, other.name, other.version))
		}
	}
	for _, field := range []string{"Pre-Depends", "Depends", "Conflicts", "Breaks"} {
		groups, err := control.ParseRelations(m.fields[strings.ToLower(field)])
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", m.name, err))
			continue
		}
		for _, g := range groups {
			if strings.HasSuffix(field, "epends") {
				problems = append(problems, c.needs(m, field, g))
			} else {
				problems = append(problems, c.forbids(m, field, g)...)
			}
		}
	}
	return problems
}

func (c *checker) needs(m *member, field string, g control.Alternatives) error {
	relevant := false
	for _, r := range g {
		if !r.Applies(c.req.Architecture) {
			continue
		}
		relevant = true
		if r.Qualifier == "" {
			r.Qualifier = m.foreign
		}
		for _, o := range c.provided[r.Target(c.req.Architecture)] {
			if o.fits(r) {
				return nil
			}
		}
	}
	if !relevant {
		return nil
	}
	return fmt.Errorf("%s has %s: %s, which nothing fulfils", m.name, field, g)
}

func (c *checker) forbids(m *member, field string, g control.Alternatives) (problems []error) {
	for _, r := range g {
		if !r.Applies(c.req.Architecture) {
			continue
		}
		names := []string{r.Target(c.req.Architecture)}
		if r.Qualifier == "" {
			names = c.everywhere(r.Name)
		}
		for _, name := range names {
			for _, o := range c.provided[name] {
				if o.by.group != m.group && o.fits(r) {
					problems = append(problems, fmt.Errorf("%s has %s: %s, and %s %s is there", m.name, field, r, o.by.name, o.by.version))
				}
			}
		}
	}
	return problems
}

func (o offer) fits(r control.Relation) bool {
	if r.Op == control.Any {
		return true
	}
	return o.version != "" && r.Op.Holds(o.version, r.Version)
}

// wanted looks whether what was wanted is there, in that version and suite.
func (c *checker) wanted(w Wanted) error {
	name := c.nameOf(w)
	m, ok := c.system[name]
	if w.Not {
		return c.excluded(w)
	}
	for _, o := range c.provided[name] {
		if o.by != m && (w.Version == "" || o.version == w.Version) && c.inSuite(o.by, w.Suite) {
			return nil
		}
	}
	if !ok {
		return fmt.Errorf("%s was wanted and is missing", w)
	}
	if w.Version != "" && !matchesVersion(m.version, w.Version) {
		return fmt.Errorf("%s was wanted, not version %s", w, m.version)
	}
	if c.inSuite(m, w.Suite) {
		return nil
	}
	return fmt.Errorf("%s was wanted, but version %s is not from there", w, m.version)
}

// nameOf is what the system calls a package that was wanted: one of a foreign
// architecture if that is asked for, or if none of the own one is there.
func (c *checker) nameOf(w Wanted) string {
	if slices.Contains(c.req.Foreign, w.Arch) {
		return index.Qualified(w.Name, w.Arch)
	}
	if w.Arch == "" && c.provided[w.Name] == nil {
		for _, name := range c.everywhere(w.Name) {
			if c.system[name] != nil {
				return name
			}
		}
	}
	return w.Name
}

// inSuite reports whether an index of a suite lists the member, in its version.
func (c *checker) inSuite(m *member, suite string) bool {
	if suite == "" {
		return true
	}
	for _, x := range c.req.lists() {
		for n := range x.Named(m.name) {
			if opts := x.Options(); x.Version(n) == m.version && (opts.Suite == suite || opts.Codename == suite) {
				return true
			}
		}
	}
	return false
}

// excluded looks whether what was kept out has come in: the package itself, or for a
// name that no package has, whatever provides it.
func (c *checker) excluded(w Wanted) error {
	real := slices.ContainsFunc(c.req.lists(), func(x *index.Index) bool {
		for range x.Named(c.nameOf(w)) {
			return true
		}
		return false
	})
	for _, o := range c.provided[c.nameOf(w)] {
		if o.by.added && (o.by.name == c.nameOf(w) || !real) {
			return fmt.Errorf("%s was kept out, and %s %s is there", w.Name, o.by.name, o.by.version)
		}
	}
	return nil
}
