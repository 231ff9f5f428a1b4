// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Repository is where packages come from.
type Repository struct {
	ID string
	// Name is what the targets call it whose packages it has, where another repository of
	// the lock has that for its ID: those of two bases may both be called main. It is
	// empty where it is the ID.
	Name string
	// Type is deb or apk.
	Type string
	// URIs are its addresses, the preferred one first; empty when the build file
	// gives them.
	URIs []string
	// Suite and Components are those of a Debian archive.
	Suite      string
	Components []string
	// Distribution is the name and the version that packages are made for, such as
	// debian-12; empty when the archive doesn't say.
	Distribution string
	// Date is when the archive made its index: an older one is refused.
	Date time.Time
	// Signers are fingerprints of the keys that signed it.
	Signers []string
	// Trusted says that it was taken without a signature.
	Trusted bool
	// Login says that its server wants the login that the base has, or the image that
	// the packages are like.
	Login bool
}

// Called is what the targets call the repository whose packages it has.
func (r *Repository) Called() string { return cmp.Or(r.Name, r.ID) }

// isSame reports whether two are one repository, which may have been read at two times.
func (r *Repository) isSame(other *Repository) bool {
	return r.Called() == other.Called() && r.Type == other.Type && slices.Equal(r.URIs, other.URIs) && r.Suite == other.Suite &&
		slices.Equal(r.Components, other.Components) && r.Distribution == other.Distribution && r.Trusted == other.Trusted && r.Login == other.Login
}

// Repository returns the repository with an id, or nil.
func (f *File) Repository(id string) *Repository {
	for i := range f.Repositories {
		if f.Repositories[i].ID == id {
			return &f.Repositories[i]
		}
	}
	return nil
}

// RepositoriesOf are the repositories that packages of the lock come from, sorted by what
// these call them. A nil File has none.
func (f *File) RepositoriesOf(p *Packages) []Repository {
	if f == nil || p == nil {
		return nil
	}
	used := map[string]bool{}
	for _, pkg := range p.Packages {
		used[pkg.Repository] = true // that of a file has the name of none
	}
	out := slices.DeleteFunc(slices.Clone(f.Repositories), func(r Repository) bool { return !used[r.ID] })
	slices.SortFunc(out, func(a, b Repository) int { return strings.Compare(a.Called(), b.Called()) })
	return out
}

// SetRepository puts a repository in the place of the one that has its id.
func (f *File) SetRepository(r Repository) {
	if old := f.Repository(r.ID); old != nil {
		*old = r
		return
	}
	f.Repositories = append(f.Repositories, r)
	slices.SortFunc(f.Repositories, func(a, b Repository) int { return strings.Compare(a.ID, b.ID) })
}

// Keep puts what a target was resolved to for a platform beside what the lock has of
// it, as [File.Add] does, and the repositories of its packages. One that is called as
// another repository of the lock gets an ID of its own.
func (f *File) Keep(target string, p Platform, repositories []Repository) {
	ids := map[string]string{}
	for _, r := range repositories {
		ids[r.ID] = f.place(r)
	}
	if p.Packages != nil {
		p.Packages = p.Packages.from(ids)
	}
	f.Add(target, p)
}

// place puts a repository among the others, and returns the ID that it has there.
func (f *File) place(r Repository) string {
	called := r.Called()
	for n := 1; ; n++ {
		if r.ID, r.Name = called, ""; n > 1 {
			r.ID, r.Name = fmt.Sprintf("%s-%d", called, n), called
		}
		have := f.Repository(r.ID)
		if have == nil {
			f.SetRepository(r)
			return r.ID
		}
		if !have.isSame(&r) {
			continue
		}
		switch {
		case r.Date.After(have.Date):
			*have = r
		case r.Date.Equal(have.Date):
			have.Signers = slices.Compact(slices.Sorted(slices.Values(slices.Concat(have.Signers, r.Signers))))
		}
		return r.ID
	}
}

// from are the packages with other IDs of their repositories.
func (p *Packages) from(ids map[string]string) *Packages {
	moved := *p
	moved.Packages = slices.Clone(p.Packages)
	for i := range moved.Packages {
		pkg := &moved.Packages[i]
		pkg.Repository = cmp.Or(ids[pkg.Repository], pkg.Repository)
	}
	return &moved
}

// KeepOthers keeps what an older lock has for platforms that were not asked for, of the
// targets that lock something still. What there is already stays.
func (f *File) KeepOthers(older *File, asked []string, locks func(target string) bool) {
	others := slices.DeleteFunc(older.Platforms(), func(name string) bool { return slices.Contains(asked, name) })
	if len(others) == 0 {
		return
	}
	f.Written = slices.Compact(slices.Sorted(slices.Values(slices.Concat(f.Written, others))))
	all := older.Sources.clone()
	all.Merge(f.Sources)
	f.Sources = all
	for _, t := range older.Targets {
		for _, platform := range others {
			for _, p := range t.whenAskedFor(platform) {
				if locks(t.Name) && f.Platform(t.Name, p.Name) == nil {
					f.Keep(t.Name, p, older.RepositoriesOf(p.Packages))
				}
			}
		}
	}
}

// Prune takes out repositories that no package names any more. The others get the IDs
// that follow from the targets, in whatever order these came. What a target is resolved to
// whatever platform is asked for is there once.
func (f *File) Prune() {
	var tidy File
	for n := range f.Targets {
		t := &f.Targets[n]
		for i := range t.Platforms {
			p := &t.Platforms[i]
			if p.Packages == nil {
				continue
			}
			tidy.Keep(t.Name, Platform{Name: p.Name, Packages: p.Packages}, f.RepositoriesOf(p.Packages))
			p.Packages = tidy.Platform(t.Name, p.Name).Packages
		}
	}
	f.Repositories = tidy.Repositories
	for n := range f.Targets {
		f.Targets[n].join()
	}
}
