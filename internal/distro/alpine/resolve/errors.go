// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// UnknownPackageError is a request for a name that no index has.
type UnknownPackageError struct {
	Name    string
	Nearest []string // names that are spelled alike, the nearest first
}

// Error names what is missing, and what may have been meant.
func (e *UnknownPackageError) Error() string {
	s := "find the package " + e.Name + ": no repository has it"
	if len(e.Nearest) > 0 {
		return s + "; did you mean " + spell.List(e.Nearest, "or") + "?"
	}
	return s + "; check the spelling and the repositories"
}

// VirtualPackageError is a request for a name that several packages provide, none of
// which may be taken without being asked for.
type VirtualPackageError struct {
	Name      string
	Providers []string // names, sorted
}

// Error lists the packages to choose from.
func (e *VirtualPackageError) Error() string {
	return fmt.Sprintf("find the package %s: it is a virtual package, provided by %s; name one of them instead",
		e.Name, spell.List(e.Providers, "and"))
}

// NoSuchVersionError is a request for a version that is not there.
type NoSuchVersionError struct {
	Name, Wanted string   // Wanted is the whole request
	Have         []string // versions that are there, newest first
}

// Error lists the versions that are there.
func (e *NoSuchVersionError) Error() string {
	s := fmt.Sprintf("find %s: no repository has such a version of %s", e.Wanted, e.Name)
	if len(e.Have) == 0 {
		return s + ", nor one that may be installed"
	}
	return s + "; there is " + spell.List(e.Have, "and")
}

// UnknownTagError is a request for a repository's tag that no repository has.
type UnknownTagError struct {
	Name, Tag string
	Have      []string // tags that there are, sorted
}

// Error lists the tags that there are.
func (e *UnknownTagError) Error() string {
	s := fmt.Sprintf("find the package %s@%s: no repository has the tag %s", e.Name, e.Tag, e.Tag)
	if len(e.Have) == 0 {
		return s + ", nor any other"
	}
	return s + "; there is " + spell.List(e.Have, "and")
}

// ConflictError is a set of requests that can't be fulfilled together.
type ConflictError struct {
	Wanted []string // the fewest of the requests that fail together, sorted
	Chain  []string // who wants what, from the requests to the conflict
}

// Error tells the chain.
func (e *ConflictError) Error() string {
	s := "resolve the packages: " + spell.List(e.Wanted, "and")
	if len(e.Wanted) == 1 {
		s += " cannot be installed"
	} else {
		s += " cannot be installed together"
	}
	return s + ": " + strings.Join(e.Chain, "; ")
}

// UnsatisfiableError is a request that needs something no repository has.
type UnsatisfiableError struct {
	Wanted  string   // name that was asked for
	Chain   []string // who wants what, from the request to what is missing
	Missing string   // the relation that nothing fulfils
}

// Error tells the chain.
func (e *UnsatisfiableError) Error() string {
	return "resolve the packages: " + e.Wanted + " cannot be installed: " + strings.Join(e.Chain, "; ")
}
