// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/spell"
)

// validate finds requests that can't be fulfilled whatever else is requested.
func (s *solver) validate() error {
	tags := s.tags[1:]
	for i := range s.world {
		n := &s.world[i]
		if n.Tag != "" && !slices.Contains(tags, n.Tag) {
			return &UnknownTagError{Name: n.Name, Tag: n.Tag, Have: slices.Sorted(slices.Values(tags))}
		}
	}
	for i := range s.world {
		n := &s.world[i]
		if n.Conflict {
			continue
		}
		if len(n.name.offers) == 0 {
			return &distro.UnknownPackageError{Name: n.Name, Nearest: s.nearest(n.Name)}
		}
		if !slices.ContainsFunc(n.name.offers, func(o offer) bool { return o.provided(nil, n) && (o.pkg.repos != 0 || o.pkg.installed) }) {
			return &NoSuchVersionError{Name: n.Name, Wanted: n.String(), Have: versions(n.name)}
		}
	}
	return nil
}

// absent are the names to keep out that nothing has.
func (s *solver) absent() []*distro.UnknownPackageError {
	var out []*distro.UnknownPackageError
	for _, w := range s.req.Wanted {
		if w.Conflict && len(s.lookup(w.Name).offers) == 0 {
			out = append(out, &distro.UnknownPackageError{Name: w.Name, Nearest: s.nearest(w.Name)})
		}
	}
	return out
}

// nearest returns up to five packages that are spelled like one that does not
// exist.
func (s *solver) nearest(text string) []string {
	return spell.Nearest(text, func(yield func(string) bool) {
		for _, n := range s.names {
			real := slices.ContainsFunc(n.offers, func(o offer) bool { return o.pkg.name == n })
			if real && !yield(n.text) {
				return
			}
		}
	})
}

// versions are those of a name, newest first.
func versions(n *name) []string {
	var all []string
	for _, o := range n.offers {
		switch {
		case o.version == "":
		case o.pkg.name == n:
			all = append(all, o.version)
		default:
			all = append(all, o.version+" of "+o.pkg.rec.Name)
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		if c := control.CompareVersions(firstWord(b), firstWord(a)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(all)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// explain finds out which requests are to blame: first for something that is
// nowhere, then for a choice that is the user's, then the fewest that fail
// together.
func (s *solver) explain() error {
	for i := range s.world {
		if err := s.explainMissing(&s.world[i]); err != nil {
			return err
		}
	}
	for _, f := range s.faults {
		if err := f.virtual(); err != nil {
			return err
		}
	}
	least := s.minimize()
	fault := least.faults[0]
	e := &ConflictError{Chain: least.chain(fault)}
	for _, n := range least.world {
		e.Wanted = append(e.Wanted, inWords(n.Relation))
	}
	slices.Sort(e.Wanted)
	return e
}

// inWords is a relation as people say it, who don't know a file by its checksum.
func inWords(r control.Relation) string {
	if r.Op == control.Checksum {
		return "the file of " + r.Name
	}
	return r.String()
}

// A link is a step on the way from a request.
type link struct {
	from *link
	p    *pkg
	need *need // of from, that led here
}

func (l *link) chain() []string {
	var words []string
	for ; l.from != nil; l = l.from {
		words = append(words, l.from.p.rec.Name+" needs "+inWords(l.need.Relation))
	}
	slices.Reverse(words)
	return words
}

// explainMissing walks along what can't be avoided to something that nothing
// at all provides.
func (s *solver) explainMissing(wanted *need) error {
	if wanted.Conflict {
		return nil
	}
	only := onlyOption(nil, wanted)
	if only == nil {
		return nil
	}
	seen := map[*pkg]bool{only: true}
	queue := []*link{{p: only}}
	for len(queue) > 0 {
		l := queue[0]
		queue = queue[1:]
		for i := range l.p.depends {
			n := &l.p.depends[i]
			if n.Conflict {
				continue
			}
			option := onlyOption(l.p, n)
			if option == nil && !slices.ContainsFunc(n.name.offers, func(o offer) bool { return o.provided(l.p, n) }) {
				last := l.p.rec.Name + " " + l.p.rec.Version + " needs " + n.String() + ", which no repository has"
				if have := versions(n.name); len(have) > 0 {
					last = l.p.rec.Name + " " + l.p.rec.Version + " needs " + n.String() + ", but there is only " + spell.List(have, "and")
				}
				return &distro.UnsatisfiableError{Wanted: wanted.Name, Missing: n.String(), Chain: append(l.chain(), last)}
			}
			if option != nil && !seen[option] {
				seen[option] = true
				queue = append(queue, &link{from: l, p: option, need: n})
			}
		}
	}
	return nil
}

// onlyOption is the package that alone fulfils a need, or nil.
func onlyOption(by *pkg, n *need) *pkg {
	var only *pkg
	for _, o := range n.name.offers {
		if o.provided(by, n) {
			if only != nil && only != o.pkg {
				return nil
			}
			only = o.pkg
		}
	}
	return only
}

// virtual says whether a name cannot be had only because several packages
// provide it.
func (f fault) virtual() error {
	if f.pkg != nil || f.name.needs == 0 {
		return nil
	}
	names := map[string]bool{}
	for _, o := range f.name.offers {
		if o.pkg.selectable && !o.mayTake() {
			names[o.pkg.rec.Name] = true
		}
	}
	if len(names) == 0 {
		return nil
	}
	e := &distro.VirtualPackageError{Name: f.name.text, Providers: slices.Sorted(maps.Keys(names))}
	if by := f.name.firstNeed.by; by != nil {
		e.By, e.Wanted = by.rec.Name, f.name.request().text
	}
	return e
}

// request is the name of the request that first led to a name.
func (n *name) request() *name {
	seen := map[*name]bool{}
	for n.firstNeed.by != nil && !seen[n] {
		seen[n] = true
		n = n.firstNeed.by.name
	}
	return n
}

// minimize leaves out requests as long as what is left fails, and returns the
// solver of what is left.
func (s *solver) minimize() *solver {
	least := s
	for i := 0; i < len(least.world) && len(least.world) > 1; {
		trial := newSolver(s.req)
		trial.world = nil
		for j, n := range least.world {
			if j != i {
				trial.world = append(trial.world, need{n.Relation, trial.lookup(n.Name)})
			}
		}
		trial.solve()
		if len(trial.faults) > 0 {
			least = trial
		} else {
			i++
		}
	}
	return least
}

// chain tells how the request leads to a fault and why nothing helps.
func (s *solver) chain(f fault) []string {
	n := f.name
	if f.pkg != nil && f.pkg.name.needs > 0 {
		n = f.pkg.name
	}
	var words []string
	seen := map[*name]bool{}
	for at := n; at != nil && !seen[at] && at.firstNeed.by != nil; {
		seen[at] = true
		by := at.firstNeed.by
		words = append(words, by.rec.Name+" needs "+inWords(at.firstNeed.need.Relation))
		at = by.name
	}
	slices.Reverse(words)
	words = s.whyNot(n, words, map[*name]bool{})
	if len(words) == 0 {
		words = append(words, "apk's rules find no way to "+n.text)
	}
	return words
}

// whyNot says of each package that provides a name why it can't be taken.
func (s *solver) whyNot(n *name, words []string, seen map[*name]bool) []string {
	if seen[n] || len(seen) > 8 {
		return words
	}
	seen[n] = true
	for _, o := range n.offers {
		p, w := o.pkg, o.pkg.why
		it := p.rec.Name + " " + p.rec.Version
		said := ""
		switch {
		case p.selectable && !p.tagOK:
			tag := p.index.Options().Tag
			said = it + " is only in a repository with the tag " + tag + "; write " + p.rec.Name + "@" + tag
		case p.selectable && w.text == "":
			continue
		case w.lost:
			said = it + " needs " + inWords(w.need.Relation)
		case w.need != nil:
			said = it + " is out, because " + by(w.by) + " needs " + inWords(w.need.Relation)
		default:
			said = it + " " + w.text
		}
		if !slices.Contains(words, said) {
			words = append(words, said)
		}
		if w.lost {
			words = s.whyLost(w.need, words, seen)
		}
	}
	return words
}

// whyLost says why something can't be had, or must be there.
func (s *solver) whyLost(n *need, words []string, seen map[*name]bool) []string {
	if !n.Conflict {
		return s.whyNot(n.name, words, seen)
	}
	if first := n.name.firstNeed; n.name.needs > 0 {
		if said := by(first.by) + " needs " + inWords(first.need.Relation); !slices.Contains(words, said) {
			words = append(words, said)
		}
	}
	return words
}

func by(p *pkg) string {
	if p == nil {
		return "the build file"
	}
	return p.rec.Name
}
