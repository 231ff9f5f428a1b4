// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package lock is strata.lock: what the images, files of servers, git references,
// packages and store paths of a build file were resolved to.
//
// A build with a lock asks no index. It names each package once for each target
// and platform, with its digest, in an order that doesn't depend on anything but
// the names, so that two people who lock the same thing write the same bytes and
// a change shows as the lines that changed. A package names its repository by an
// id; addresses stand in one place, and only those that the build file doesn't
// give.
package lock

import (
	"cmp"
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// The formats.
const (
	// Version is the format that this package writes.
	Version = 2
	// withoutSources is the older format, which is read as well: it has packages and
	// store paths alone.
	withoutSources = 1
)

// Name is the lock's file name beside strata.yaml.
const Name = "strata.lock"

// File is a lock.
type File struct {
	// Older says that the lock was read from the older format, which has no sources.
	Older bool
	// Written are the platforms that the lock was written for (os/arch[/variant]), sorted.
	Written []string
	// Sources are the images, files of servers and git references.
	Sources Sources
	// Repositories are sorted by their ids.
	Repositories []Repository
	// Targets are sorted by their names.
	Targets []Target
}

// Target is what a target of the build file was resolved to.
type Target struct {
	Name string
	// Platforms are sorted by their names.
	Platforms []Platform
}

// Platform is a target for one platform.
type Platform struct {
	// Name is os/arch[/variant].
	Name     string
	Packages *Packages
	// Closures are sorted by their roots.
	Closures []Closure
}

// Packages are all packages of a target.
type Packages struct {
	// Base is the image that they were resolved for, as reference@digest; empty for
	// scratch.
	Base string
	// Like is the image whose archives, keys and preferences counted in the base's
	// place, as reference@digest; empty when they were the base's.
	Like string
	// Wanted are the names of each packages layer, sorted within it.
	Wanted [][]string
	// Recommends says that recommended packages were taken, too.
	Recommends bool
	// Upgrade says which of the base's packages were brought up to date: true, all of
	// them, or security; empty for none.
	Upgrade string
	// AllowHeld says that packages which the base holds may change.
	AllowHeld bool
	// Manual are names of Wanted that the base has as the need of other packages only:
	// the image notes that they were asked for.
	Manual []string
	// Installer says how they are installed, and Why, if not in the usual way.
	Installer plan.Installer
	Why       string
	// Filters are the paths that the base leaves out of packages.
	Filters []string
	// Conffiles are the configuration files of the packages, each with the name of its
	// package: as far as the packages were unpacked when the lock was written.
	Conffiles map[string]string
	// Type is that of the packages which are files, as of a repository; empty without
	// any.
	Type string
	// Packages are sorted by name and architecture.
	Packages []Package
	// Present are packages that are files, and that the base has already in that
	// version.
	Present []Package
}

// Package is one package.
type Package struct {
	Name, Version, Arch string
	// Source is the source package; empty when it has the same name.
	Source string
	// Repository is the id of its repository; empty for a package that is a file.
	Repository string
	// Path is relative to the repository's address.
	Path string
	// File is where a package that is a file lies: relative to the build context, or in
	// the tree that the build file calls From.
	File, From string
	// URL is where a package that is a file is fetched from.
	URL string
	// Size is in bytes.
	Size int64
	// SHA256 is the file's, in hex.
	SHA256 string
	// Layer is the index of the packages layer that it belongs to.
	Layer int
	// Beside is another package that it is unpacked with, as one may have files of the
	// other; empty for none.
	Beside string
}

// Platform returns what a target was resolved to for a platform, or nil. A nil
// File has nothing.
func (f *File) Platform(target, platform string) *Platform {
	if f == nil {
		return nil
	}
	for _, t := range f.Targets {
		if t.Name != target {
			continue
		}
		for i := range t.Platforms {
			if t.Platforms[i].Name == platform {
				return &t.Platforms[i]
			}
		}
	}
	return nil
}

// HasConffile reports whether a path is a configuration file of any packages. A nil
// File has none.
func (f *File) HasConffile(path string) bool {
	if f == nil {
		return false
	}
	for _, t := range f.Targets {
		for _, p := range t.Platforms {
			if p.Packages != nil && p.Packages.Conffiles[path] != "" {
				return true
			}
		}
	}
	return false
}

// Names are those of all packages, images, addresses and store paths that were asked for.
// A nil File has none.
func (f *File) Names() []string {
	if f == nil {
		return nil
	}
	var names []string
	for _, i := range f.Sources.Images {
		names = append(names, i.Name)
	}
	for _, u := range f.Sources.URLs {
		names = append(names, u.Address)
	}
	for _, g := range f.Sources.Git {
		names = append(names, g.Address)
	}
	for _, t := range f.Targets {
		for _, p := range t.Platforms {
			for _, c := range p.Closures {
				names = append(names, c.Roots...)
			}
			for i := 0; p.Packages != nil && i < len(p.Packages.Packages); i++ {
				names = append(names, p.Packages.Packages[i].Name)
			}
		}
	}
	return names
}

// Platforms are the names of the platforms that the lock was written for, sorted. Where it
// doesn't say them, they are those that it has something for. A target that is for a
// platform of its own is there by that, though it was not asked for.
func (f *File) Platforms() []string {
	names := slices.Clone(f.Written)
	for _, t := range f.Targets {
		for i := 0; len(f.Written) == 0 && i < len(t.Platforms); i++ {
			names = append(names, t.Platforms[i].Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Set puts what a target was resolved to for a platform in the place of what the
// lock had.
func (f *File) Set(target string, p Platform) {
	for i := range f.Targets {
		if f.Targets[i].Name == target {
			f.Targets[i].set(p)
			return
		}
	}
	f.Targets = append(f.Targets, Target{Name: target, Platforms: []Platform{p}})
	slices.SortFunc(f.Targets, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
}

func (t *Target) set(p Platform) {
	for i := range t.Platforms {
		if t.Platforms[i].Name == p.Name {
			t.Platforms[i] = p
			return
		}
	}
	t.Platforms = append(t.Platforms, p)
	slices.SortFunc(t.Platforms, func(a, b Platform) int { return strings.Compare(a.Name, b.Name) })
}

// Clone returns a copy that can be added to; of a nil File, an empty one.
func (f *File) Clone() *File {
	out := &File{}
	if f == nil {
		return out
	}
	out.Older, out.Written, out.Sources = f.Older, slices.Clone(f.Written), f.Sources.clone()
	out.Repositories = slices.Clone(f.Repositories)
	for _, t := range f.Targets {
		t.Platforms = slices.Clone(t.Platforms)
		for i := range t.Platforms {
			t.Platforms[i].Closures = slices.Clone(t.Platforms[i].Closures)
		}
		out.Targets = append(out.Targets, t)
	}
	return out
}

// Sort brings the packages into the lock's order.
func (p *Packages) Sort() {
	order := func(a, b Package) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Arch, b.Arch))
	}
	slices.SortFunc(p.Packages, order)
	slices.SortFunc(p.Present, order)
}

// Where names a package's file as messages do; empty for one of a repository.
func (p Package) Where() string {
	switch {
	case p.URL != "":
		return p.URL
	case p.File == "":
		return ""
	case p.From == "":
		return "./" + p.File
	}
	return p.From + ":/" + p.File
}

// IsFile reports whether a package is a file of the build file, and comes from no
// repository.
func (p Package) IsFile() bool { return p.File != "" || p.URL != "" }
