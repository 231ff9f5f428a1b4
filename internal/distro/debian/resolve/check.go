// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	name, version string
	fields        map[string]string // by lower-case name
	added         bool
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
			c.system[p.Name] = &member{name: p.Name, version: p.Version, fields: paragraphFields(p.Control)}
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
		c.system[p.Name] = &member{name: p.Name, version: p.Version, fields: paragraphFields(control), added: true}
	}
	for _, m := range c.system {
		c.offer(m)
	}
	return problems
}

// listed finds a package in the indexes, with its file.
func (c *checker) listed(p *Package) (control string, err error) {
	if p.Architecture != "all" && p.Architecture != c.req.Architecture {
		return "", fmt.Errorf("%s is of the architecture %s, not %s", p.Name, p.Architecture, c.req.Architecture)
	}
	if len(p.SHA256) != 64 || p.Filename == "" || p.Size <= 0 {
		return "", fmt.Errorf("%s has no file, size or sha256", p.Name)
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

// offer notes every name the member stands for.
func (c *checker) offer(m *member) {
	names := []offer{{m, m.version}}
	c.provided[m.name] = append(c.provided[m.name], names...)
	allowed := m.fields["multi-arch"] == "allowed"
	if allowed {
		c.provided[m.name+":any"] = append(c.provided[m.name+":any"], offer{m, m.version})
	}
	for r, err := range control.Relations(m.fields["provides"]) {
		if err != nil {
			break // the rest of the field counts for nothing
		}
		if r.Op != control.Any && r.Op != control.Equal {
			continue
		}
		name := r.Target(c.req.Architecture)
		c.provided[name] = append(c.provided[name], offer{m, r.Version})
		if allowed && r.Qualifier == "" {
			c.provided[name+":any"] = append(c.provided[name+":any"], offer{m, r.Version})
		}
	}
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
		for _, o := range c.provided[r.Target(c.req.Architecture)] {
			if o.by != m && o.fits(r) {
				problems = append(problems, fmt.Errorf("%s has %s: %s, and %s %s is there", m.name, field, r, o.by.name, o.by.version))
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
	m, ok := c.system[w.Name]
	if w.Not {
		return c.excluded(w)
	}
	for _, o := range c.provided[w.Name] {
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
		for range x.Named(w.Name) {
			return true
		}
		return false
	})
	for _, o := range c.provided[w.Name] {
		if o.by.added && (o.by.name == w.Name || !real) {
			return fmt.Errorf("%s was kept out, and %s %s is there", w.Name, o.by.name, o.by.version)
		}
	}
	return nil
}
