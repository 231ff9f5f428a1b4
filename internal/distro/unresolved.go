// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// Requested returns the name of the request that an error of a resolver is about;
// empty when it is about none.
func Requested(err error) string {
	var about interface {
		error
		Requested() string
	}
	if errors.As(err, &about) {
		return about.Requested()
	}
	return ""
}

// UnknownPackageError is a request for a name that no index has.
type UnknownPackageError struct {
	Name    string
	Nearest []string // names that are spelled alike, the nearest first
}

// Requested returns the name.
func (e *UnknownPackageError) Requested() string { return e.Name }

// Error names what is missing, and what may have been meant.
func (e *UnknownPackageError) Error() string {
	s := "find the package " + e.Name + ": no repository has it"
	if name := strings.TrimRight(e.Name, "-"); name != e.Name && name != "" {
		return s + fmt.Sprintf("; did you mean %q, which keeps it out?", "!"+name)
	}
	if len(e.Nearest) > 0 {
		return s + "; did you mean " + spell.List(e.Nearest, "or") + "?"
	}
	return s + "; check the spelling and the repositories"
}

// Absent are warnings of names that keep nothing out.
func Absent(names []*UnknownPackageError) []Warning {
	var out []Warning
	for _, e := range names {
		out = append(out, Warning{Name: "!" + e.Name, Text: fmt.Sprintf("%q keeps nothing out: %s", "!"+e.Name, e)})
	}
	return out
}

// VirtualPackageError is a name that packages provide, none of which may be taken
// without being named.
type VirtualPackageError struct {
	Name      string
	Providers []string // names, sorted
	// By is the package that needs the name, and Wanted the request that leads to it.
	// Both are empty if the name itself is requested.
	By, Wanted string
}

// Requested returns the name of the request.
func (e *VirtualPackageError) Requested() string { return cmp.Or(e.Wanted, e.Name) }

// Error lists the packages to choose from.
func (e *VirtualPackageError) Error() string {
	providers, one := spell.List(e.Providers, "and"), "one of them"
	if len(e.Providers) == 1 {
		one = "it"
	}
	if e.By == "" {
		return fmt.Sprintf("find the package %s: it is a virtual package, provided by %s; name %s instead", e.Name, providers, one)
	}
	return fmt.Sprintf("find the package %s: %s needs %s, a virtual package, provided by %s; add %s to the packages", e.Wanted, e.By, e.Name, providers, one)
}

// UnsatisfiableError is a request that needs something no repository has, or that
// the package system's rules don't find a way to.
type UnsatisfiableError struct {
	Wanted  string   // name that was requested
	Chain   []string // who needs what, from the request to what is missing
	Missing string   // the relation that nothing fulfils
}

// Requested returns the name.
func (e *UnsatisfiableError) Requested() string { return e.Wanted }

// Error tells the chain.
func (e *UnsatisfiableError) Error() string {
	return "resolve the packages: " + e.Wanted + " cannot be installed: " + Chained(e.Chain)
}

// Chained is a chain of sentences as one, without the middle of a long one.
func Chained(chain []string) string {
	const ends = 8
	if left := len(chain) - 2*ends; left > 1 {
		chain = slices.Concat(chain[:ends], []string{fmt.Sprintf("… and %d more on the way …", left)}, chain[len(chain)-ends:])
	}
	return strings.Join(chain, "; ")
}
