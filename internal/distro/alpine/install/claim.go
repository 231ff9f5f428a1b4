// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// A claim is what a package says about files that others have, too.
type claim struct {
	name, version, origin string
	replaces              []string
	priority              uint64
}

func (p *Package) claim() claim {
	return claim{p.Info.Name, p.Info.Version, p.Info.Origin, p.Info.Replaces, p.Info.ReplacesPriority}
}

func claimOf(r *control.Record) claim {
	return claim{r.Name, r.Version, r.Origin, strings.Fields(r.Replaces), r.ReplacesPriority}
}

// over is the priority with which a package replaces files of another one; -1 when it
// doesn't.
func (c claim) over(other claim) int64 {
	if slices.ContainsFunc(c.replaces, func(text string) bool {
		r, err := control.ParseRelation(text)
		return err == nil && r.Name == other.name && r.Op.Holds(other.version, r.Version)
	}) {
		return int64(c.priority) //nolint:gosec // it has 32 bits
	}
	return -1
}

// keeps reports whether a package that has a file keeps it when the other one, which has
// it as well, is installed.
func (c claim) keeps(other claim) bool { return c.over(other) > other.over(c) }

// clashes reports whether two packages can't have the same file: neither replaces the
// other's, and they aren't of one origin.
func (c claim) clashes(other claim) bool {
	return c.name != other.name && c.over(other) < 0 && other.over(c) < 0 && (c.origin == "" || c.origin != other.origin)
}

// yields reports whether a package that has a directory leaves its mode and owner to
// another one that has it as well, as apk 3 decides that.
func (c claim) yields(other claim) bool {
	switch {
	case c.priority != other.priority:
		return c.priority < other.priority
	case c.origin != "" && c.origin == other.origin && (c.name == c.origin || other.name == c.origin):
		return other.name == c.origin
	}
	return other.name < c.name
}
