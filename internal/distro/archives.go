// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
)

// Archives resolves packages in archives of its system.
type Archives interface {
	// Repositories are what sources stand for, with the ids that the lock knows them
	// by. It reads nothing.
	Repositories(sources []*Source) ([]Repository, error)
	// Addresses are where the packages of a repository can be had, the preferred
	// address first.
	Addresses(r Repository) []string
	// CheckName says what is wrong with how a package is asked for; nil if nothing is.
	CheckName(name string) error
	// Resolve finds the packages that an image needs. Errors about what was asked
	// for are [Error] values; all others are about an archive or the base.
	Resolve(ctx context.Context, r Request) (*Solution, error)
}

// Source is where the build file says that packages come from, its names expanded.
type Source struct {
	// URIs are checked addresses of the same archive, the preferred one first.
	URIs               []string
	Suites, Components []string
	// Keys is the file of the context with the keys that count; empty for those that
	// the base trusts.
	Keys string
	// Secret is the id of the build secret with the login for its server; empty for none.
	Secret string
	// Snapshot says that the archive's list of files may have expired.
	Snapshot bool
	// Trusted says that the archive needs no signature.
	Trusted bool
}

// Repository is where packages come from.
type Repository struct {
	// ID tells it from the other repositories of an image.
	ID string
	// URIs are its addresses, the preferred one first.
	URIs []string
	// Given says that the build file has the address.
	Given bool
	// Trusted says that it is taken without a signature.
	Trusted bool
	// Suite and Components are the part of an archive that it is, if it is a part.
	Suite      string
	Components []string
	// Distribution is the name and the version that packages are made for, such as
	// debian-12; empty when the archive doesn't say.
	Distribution string
	// Date is when the archive made its index; zero when it doesn't say.
	Date time.Time
	// Signers are fingerprints of the keys that signed it.
	Signers []string
}

// UniqueIDs makes names different from each other, in their order: one that is taken
// gets the lowest number, from 2, that makes it a new one.
func UniqueIDs(names []string) []string {
	taken := map[string]bool{}
	for _, name := range names {
		taken[name] = true
	}
	first := map[string]bool{}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name
		for n := 2; first[name] && taken[out[i]]; n++ {
			out[i] = name + "-" + strconv.Itoa(n)
		}
		first[name], taken[out[i]] = true, true
	}
	return out
}

// Request says what to resolve.
type Request struct {
	// Platform is that of the image, as os/arch[/variant].
	Platform string
	// Layers are the names that each layer asks for, as the build file has them.
	Layers [][]string
	// Files are the packages that are files, each with the name that asks for it.
	Files []File
	// Recommends asks for what packages recommend, too.
	Recommends bool
	// Upgrade says which of the base's packages are brought up to date, and UpgradeLayer
	// is the index of the layer that asks for it.
	Upgrade      Upgrade
	UpgradeLayer int
	// AllowHeld lets what the base holds change if it is asked for by name.
	AllowHeld bool
	// Sources are those of the build file; without any, those that [Request.Configured]
	// has count.
	Sources []*Source
	// Base has the files of the base, and Context opens files of the build context
	// by their names.
	Base tree.Tree
	// Like is the image whose archives, keys and preferences count; nil counts those of
	// the base.
	Like    *Configured
	Context func(ctx context.Context, name string) (tree.Tree, error)
	Fetch   fetch.Fetcher
	// Now is the time that signatures are checked at.
	Now time.Time
	// Known returns what the lock has of the repository with an id, of which nothing
	// older is taken; nil when it has nothing.
	Known func(id string) *Repository
	// Keep are the versions that the lock has, and that stay if they can.
	Keep []Kept
}

// Upgrade says which packages of a base are brought up to date.
type Upgrade string

// What is brought up to date.
const (
	UpgradeNothing  Upgrade = ""
	UpgradeAll      Upgrade = "true"
	UpgradeSecurity Upgrade = "security" // what archives of security updates have
)

// Configured is an image that says where packages come from.
type Configured struct {
	tree.Tree
	// Name is what messages call it.
	Name string
}

// Configured returns the image whose archives, keys and preferences count.
func (r *Request) Configured() Configured {
	if r.Like != nil {
		return *r.Like
	}
	return Configured{Tree: r.Base, Name: "the base"}
}

// Kept is a package in the version that the lock has.
type Kept struct{ Name, Version, Arch string }

// Solution is what a request was resolved to.
type Solution struct {
	Packages     []Package
	Repositories []Repository
	// Present are the packages that are files, and that the base has already in that
	// version.
	Present []Package
	// Manual are the requested names that the base has already, and has noted as
	// nothing but the need of another package: installing changes that note.
	Manual []string
	// Warnings are about choices that someone may want to be told of.
	Warnings []Warning
}

// Warning is about something that was asked for.
type Warning struct {
	// Name is the name in the request; empty when it is about all of it.
	Name, Text string
}

// Package is one package.
type Package struct {
	Name, Version, Arch string
	// Source is the source package; empty when it has the same name.
	Source string
	// Repository is the id of its repository, and Path is relative to each of that
	// one's addresses. A package that is a file has its ID instead.
	Repository, Path, File string
	// Size is the file's, in bytes.
	Size int64
	// SHA256 is the file's, in hex.
	SHA256 string
	// Layer is the index of the layer that asks for it.
	Layer int
	// Beside is another package that it is unpacked with, as one may have files of the
	// other; empty for none.
	Beside string
}

// PlainName is a requested name without its version, suite, architecture or
// repository, in every system's notation.
func PlainName(name string) string {
	if i := strings.IndexAny(name, "=<>~@/:"); i >= 0 {
		return name[:i]
	}
	return name
}
