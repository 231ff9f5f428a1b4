// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Change is a thing that two locks have differently.
type Change struct {
	// Kind is image, url, git, package or path.
	Kind string `json:"kind"`
	// Name is what the build file, or its packages, call it.
	Name string `json:"name"`
	// Target and Platform say whose package or store path it is; images, urls and git
	// references are everybody's.
	Target   string `json:"target,omitempty"`
	Platform string `json:"platform,omitempty"`
	// From and To are digests, commits or versions; empty for what one of the locks
	// doesn't have.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// String says what changed, on one line.
func (c Change) String() string {
	where := ""
	if c.Platform != "" {
		where = fmt.Sprintf(" of %s for %s", c.Target, c.Platform)
	}
	what := c.Kind + " " + c.Name + where
	switch {
	case c.From == "":
		return what + ": new, " + c.To
	case c.To == "":
		return what + ": gone, " + c.From
	}
	return what + ": from " + c.From + " to " + c.To
}

// entry is one thing of a lock.
type entry struct {
	// shown is what people call its state, and exact what decides whether it moved.
	shown, exact string
}

// Diff is what differs between an older and a newer lock, in the order of a lock.
// Either may be nil.
func Diff(older, newer *File) []Change {
	was, is := older.entries(), newer.entries()
	var changes []Change
	for key, from := range was {
		to, there := is[key]
		switch {
		case !there:
			key.From = from.shown
		case to == from:
			continue
		case to.shown == from.shown:
			key.From, key.To = from.exact, to.exact
		default:
			key.From, key.To = from.shown, to.shown
		}
		changes = append(changes, key)
	}
	for key, to := range is {
		if _, there := was[key]; !there {
			key.To = to.shown
			changes = append(changes, key)
		}
	}
	slices.SortFunc(changes, compare)
	return changes
}

// entries are all things of a lock, by what they are called.
func (f *File) entries() map[Change]entry {
	all := map[Change]entry{}
	if f == nil {
		return all
	}
	for _, i := range f.Sources.Images {
		all[Change{Kind: "image", Name: i.Name}] = entry{i.Digest, i.Digest}
	}
	for _, u := range f.Sources.URLs {
		all[Change{Kind: "url", Name: u.Address}] = entry{"sha256:" + u.SHA256, "sha256:" + u.SHA256}
	}
	for _, g := range f.Sources.Git {
		all[Change{Kind: "git", Name: g.Address}] = entry{g.Commit, g.Commit}
	}
	for _, t := range f.Targets {
		for i := range t.Platforms {
			t.Platforms[i].addEntries(t.Name, all)
		}
	}
	return all
}

func (p *Platform) addEntries(target string, to map[Change]entry) {
	if p.Packages != nil {
		for _, pkg := range p.Packages.Packages {
			key := Change{Kind: "package", Name: pkg.Name + ":" + pkg.Arch, Target: target, Platform: p.Name}
			to[key] = entry{pkg.Version, "sha256:" + pkg.SHA256}
		}
	}
	for _, c := range p.Closures {
		for _, path := range c.Paths {
			key := Change{Kind: "path", Name: path.Path, Target: target, Platform: p.Name}
			to[key] = entry{"sha256:" + path.NarHash, "sha256:" + path.NarHash}
		}
	}
}

func compare(a, b Change) int {
	kinds := []string{"image", "url", "git", "package", "path"}
	return cmp.Or(
		slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind),
		strings.Compare(a.Target, b.Target), strings.Compare(a.Platform, b.Platform), strings.Compare(a.Name, b.Name),
	)
}
