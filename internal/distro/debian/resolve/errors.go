// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/spell"
)

// NoSuchVersionError is a request for a version, or a suite's version, that is not
// there.
type NoSuchVersionError struct {
	Name, Version, Suite string
	Have                 []string // versions that are there, newest first
}

// Requested returns the name.
func (e *NoSuchVersionError) Requested() string { return e.Name }

// Error lists the versions that are there.
func (e *NoSuchVersionError) Error() string {
	what := "version " + e.Version
	if e.Version == "" {
		what = "a version"
	}
	if e.Suite != "" {
		what += " from " + e.Suite
	}
	s := fmt.Sprintf("find %s of the package %s: no repository has it", what, e.Name)
	if len(e.Have) == 0 {
		return s + ", nor any other version"
	}
	return s + "; there is " + spell.List(e.Have, "and")
}

// PinnedError is a request for a package all versions of which the base's preferences
// keep out.
type PinnedError struct {
	Name     string
	Priority int
	File     string // of the base
	Line     int    // counted from 1
}

// Requested returns the name.
func (e *PinnedError) Requested() string { return e.Name }

// Error names the pin.
func (e *PinnedError) Error() string {
	return fmt.Sprintf("find the package %s: the base's preferences keep it out, with priority %d in %s:%d; "+
		"name a version or a suite to install it all the same, or change that file in a layer of the base", e.Name, e.Priority, e.File, e.Line)
}

// OldProviderError is a request for a virtual package that only versions provide which
// are no candidates.
type OldProviderError struct {
	Name, Provider, Version string
	Candidate               string // version of the provider; empty for none
}

// Requested returns the name.
func (e *OldProviderError) Requested() string { return e.Name }

// Error names one of the providers.
func (e *OldProviderError) Error() string {
	instead := "and no version of that is to be installed"
	if e.Candidate != "" {
		instead = "and version " + e.Candidate + " of that is the one to be installed"
	}
	return fmt.Sprintf("find the package %s: it is a virtual package that %s provides in version %s, %s; write %s=%s to take it",
		e.Name, e.Provider, e.Version, instead, e.Provider, e.Version)
}

// HeldError is a request for a package that the base holds in another version, or
// holds back.
type HeldError struct {
	Name    string
	Version string // that the base has; empty for none
}

// Requested returns the name.
func (e *HeldError) Requested() string { return e.Name }

// Error names the hold, and says how to go on.
func (e *HeldError) Error() string {
	has := "the base holds it back"
	if e.Version != "" {
		has = "the base holds it at version " + e.Version
	}
	return fmt.Sprintf("install the package %s: %s, and apt-get would refuse; write `allow_held: true` to change it all the same, "+
		"which keeps the hold, or run \"apt-mark unhold %s\" where the base is built", e.Name, has, e.Name)
}

// ForeignArchitectureError is a request for another architecture than the image's.
type ForeignArchitectureError struct {
	Name, Architecture, Native string
	// Not says that it was to be kept out.
	Not bool
}

// Requested returns the name, or the request to keep it out.
func (e *ForeignArchitectureError) Requested() string {
	if e.Not {
		return "!" + e.Name + ":" + e.Architecture
	}
	return e.Name
}

// Error says which architecture is possible.
func (e *ForeignArchitectureError) Error() string {
	if e.Not {
		return fmt.Sprintf("keep out the package %s:%s: packages of a foreign architecture never come in, only those of %s; leave it out, or write %q for the one of %s",
			e.Name, e.Architecture, e.Native, "!"+e.Name, e.Native)
	}
	return fmt.Sprintf("find the package %s:%s: packages of a foreign architecture are not supported on this base, only those of %s; "+
		"leave out \":%s\", build for that platform, or take a base where \"dpkg --add-architecture %s\" was run", e.Name, e.Architecture, e.Native, e.Architecture, e.Architecture)
}

// ForeignBaseError is a base with packages of another architecture than the
// image's.
type ForeignBaseError struct {
	Name, Architecture, Native string
}

// Error names one of them.
func (e *ForeignBaseError) Error() string {
	return fmt.Sprintf("resolve the packages: the base has packages of the architecture %q, such as %s, and only those of %s are "+
		"supported, as \"dpkg --add-architecture\" has added no other; take a base of one architecture, or one for that platform", e.Architecture, e.Name, e.Native)
}

// BadNameError is a request whose name can be no package's.
type BadNameError struct {
	Name string
}

// Requested returns the name.
func (e *BadNameError) Requested() string { return e.Name }

// Error says what a name may hold.
func (e *BadNameError) Error() string {
	return fmt.Sprintf("find the package %q: that is not a package name (letters, digits and + - . and a letter or digit first)", e.Name)
}

// BrokenBaseError is a base in which requirements are not fulfilled before
// anything is installed.
type BrokenBaseError struct {
	Packages []string // sorted, each with what it lacks
}

// Error lists the packages and says how to mend them.
func (e *BrokenBaseError) Error() string {
	return "resolve the packages: the base lacks what its own packages need: " + spell.List(e.Packages, "and") +
		"; run \"apt-get -f install\" where the base is built, or take another base"
}

// ConflictError is a set of requests that can't be fulfilled together.
type ConflictError struct {
	Wanted string   // name that was asked for
	Other  string   // the other one that was asked for, or a package of the base
	Chain  []string // who wants what, from the requests to the conflict
}

// Requested returns the name.
func (e *ConflictError) Requested() string { return e.Wanted }

// Error tells the chain.
func (e *ConflictError) Error() string {
	s := "resolve the packages: " + e.Wanted
	if e.Other != "" && e.Other != e.Wanted {
		s += " and " + e.Other + " cannot be installed together"
	} else {
		s += " cannot be installed"
	}
	return s + ": " + distro.Chained(e.Chain)
}
