// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/spell"
)

// NoSuchVersionError is a request for a version that is not there.
type NoSuchVersionError struct {
	Name, Wanted string   // Wanted is the whole request
	Have         []string // versions that are there, newest first
}

// Requested returns the name.
func (e *NoSuchVersionError) Requested() string { return e.Name }

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

// Requested returns the name.
func (e *UnknownTagError) Requested() string { return e.Name }

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

// Requested returns the name.
func (e *ConflictError) Requested() string { return e.Wanted[0] }

// Error tells the chain.
func (e *ConflictError) Error() string {
	s := "resolve the packages: " + spell.List(e.Wanted, "and")
	if len(e.Wanted) == 1 {
		s += " cannot be installed"
	} else {
		s += " cannot be installed together"
	}
	return s + ": " + distro.Chained(e.Chain)
}

// ContradictionError is a request for a package that is excluded by another request.
type ContradictionError struct {
	Name   string
	Wanted [2]string // as they were asked for
}

// Requested returns the name.
func (e *ContradictionError) Requested() string { return e.Name }

// Error names both requests.
func (e *ContradictionError) Error() string {
	return "find the package " + e.Name + ": the names have " + e.Wanted[0] + " and " + e.Wanted[1] + "; leave out one of them"
}
