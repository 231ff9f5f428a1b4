// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
)

// Check looks at an answer with none of Resolve's code: it reads the records again and
// holds each rule against the whole system as it is to be. A nil error means that
// every package is in an index with that very file, that everything needed is
// there and nothing forbidden, that no two packages claim the same name, and that
// each request is fulfilled.
//
// Whoever uses a Solution, resolved or made from a lock, runs Check on it first.
func Check(req Request, sol *Solution) error {
	c := &checker{req: req, system: map[string]*control.Record{}, provided: map[string][]provision{}}
	problems := c.load(sol)
	for _, m := range c.sorted() {
		problems = append(problems, c.member(m)...)
	}
	problems = append(problems, c.claims()...)
	for _, text := range sol.World {
		w, err := control.ParseRelation(text)
		if err == nil {
			err = c.holds("", w)
		}
		problems = append(problems, err)
	}
	for _, w := range req.Wanted {
		// A name alone may stand for what was asked for with a version before.
		known := func(text string) bool {
			r, err := control.ParseRelation(text)
			return err == nil && r.Name == w.Name && r.Conflict == w.Conflict
		}
		if !slices.ContainsFunc(sol.World, known) {
			problems = append(problems, fmt.Errorf("%s was wanted and isn't in the image's world", w))
		}
		problems = append(problems, c.holds("", w.Relation))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("check the resolved packages: %w", err)
	}
	return nil
}

// A checker knows the system as it is to be.
type checker struct {
	req      Request
	system   map[string]*control.Record
	provided map[string][]provision
}

// provision is a name that a member stands for, in a version or in none.
type provision struct {
	by      *control.Record
	version string
}

// load puts the system together: what is installed, without what goes, and what
// comes.
func (c *checker) load(sol *Solution) (problems []error) {
	for _, r := range c.req.Installed.Records() {
		if !slices.Contains(sol.Removed, r.Name) {
			c.system[r.Name] = r
		}
	}
	added, named := map[string]bool{}, c.named(sol)
	for i := range sol.Packages {
		p := &sol.Packages[i]
		r, err := c.listed(p, named[p.Name])
		if added[p.Name] {
			err = fmt.Errorf("%s is there twice", p.Name)
		}
		added[p.Name] = true
		problems = append(problems, err)
		if err == nil {
			c.system[p.Name] = r
		}
	}
	for _, m := range c.sorted() {
		for _, r := range provides(m) {
			c.provided[r.Name] = append(c.provided[r.Name], provision{m, r.Version})
		}
	}
	return problems
}

// provides are the name of a member and the others that it has.
func provides(m *control.Record) []control.Relation {
	all := []control.Relation{{Name: m.Name, Version: m.Version}}
	for _, word := range strings.Fields(m.Provides) {
		if r, err := control.ParseRelation(word); err == nil && r.Name != m.Name && !r.Conflict {
			all = append(all, r)
		}
	}
	return all
}

// An entry is a record of an index.
type entry struct {
	*control.Record
	index *index.Index
}

// named are the records of packages that come, by their names, in the order of the
// indexes.
func (c *checker) named(sol *Solution) map[string][]entry {
	named := map[string][]entry{}
	for i := range sol.Packages {
		named[sol.Packages[i].Name] = nil
	}
	for _, x := range c.req.Indexes {
		for _, r := range x.Records() {
			if entries, ok := named[r.Name]; ok {
				named[r.Name] = append(entries, entry{r, x})
			}
		}
	}
	return named
}

// listed finds a package among the records of its name, with its file.
func (c *checker) listed(p *Package, named []entry) (*control.Record, error) {
	if p.Architecture != "" && p.Architecture != "noarch" && p.Architecture != c.req.Architecture {
		return nil, fmt.Errorf("%s is of the architecture %s, not %s", p.Name, p.Architecture, c.req.Architecture)
	}
	for _, e := range named {
		if o := e.index.Options(); o.Repository == p.Repository && e.Version == p.Version && e.Checksum == p.Checksum && e.Size == p.Size &&
			e.Arch == p.Architecture && p.Path == o.Architecture+"/"+p.Name+"-"+p.Version+".apk" {
			return e.Record, nil
		}
	}
	return nil, fmt.Errorf("%s %s with the checksum %s is in no index", p.Name, p.Version, p.Checksum)
}

func (c *checker) sorted() []*control.Record {
	all := make([]*control.Record, 0, len(c.system))
	for _, m := range c.system {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *control.Record) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// member holds a package's own relations against the system.
func (c *checker) member(m *control.Record) (problems []error) {
	needs, err := control.ParseRelations(m.Depends)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", m.Name, err)}
	}
	for _, n := range needs {
		problems = append(problems, c.holds(m.Name, n))
	}
	return problems
}

// holds looks whether a relation of a member, or of the request, is true.
func (c *checker) holds(by string, n control.Relation) error {
	for _, p := range c.provided[n.Name] {
		fits := n.Op.Holds(p.version, n.Version)
		if n.Op == control.Checksum {
			fits = p.by.Checksum == n.Version
		}
		switch {
		case fits && !n.Conflict:
			return nil
		case fits && n.Conflict && p.by.Name != by:
			return fmt.Errorf("%s excludes %s, and %s %s is there", who(by), n.String()[1:], p.by.Name, p.by.Version)
		}
	}
	if n.Conflict {
		return nil
	}
	return fmt.Errorf("%s needs %s, which nothing fulfils", who(by), n)
}

func who(name string) string {
	if name == "" {
		return "the request"
	}
	return name
}

// claims looks for names that two packages provide, one of them in a version.
func (c *checker) claims() (problems []error) {
	for _, m := range c.sorted() {
		for _, r := range provides(m) {
			list := c.provided[r.Name]
			if list[0].by != m {
				continue
			}
			versioned := slices.ContainsFunc(list, func(p provision) bool { return p.version != "" })
			for _, p := range list[1:] {
				if versioned && p.by != list[0].by {
					problems = append(problems, fmt.Errorf("%s and %s both provide %s", list[0].by.Name, p.by.Name, r.Name))
				}
			}
		}
	}
	return problems
}
