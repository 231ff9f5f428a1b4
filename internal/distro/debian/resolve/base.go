// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

// brokenBase returns the packages of the base with a relation that nothing
// installed fulfils, sorted, each with that relation.
func brokenBase(status *index.Status, architecture string, foreign []string) []string {
	broken := slices.Clone(status.Unreadable())
	s := &solver{universe: newUniverse(&Request{Installed: status, Architecture: architecture, Foreign: foreign})}
	for _, p := range s.installed() {
		if g := s.brokenNow(p); g != nil {
			broken = append(broken, p.name+" ("+g.kind.String()+": "+g.any.String()+")")
		}
	}
	slices.Sort(broken)
	return broken
}
