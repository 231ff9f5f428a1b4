// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import "github.com/strata-build/strata/internal/spell"

// nearest returns up to five names with versions that are spelled like one that
// does not exist.
func (s *solver) nearest(name string) []string {
	return spell.Nearest(name, func(yield func(string) bool) {
		for _, x := range s.indexes {
			for other := range x.Names() {
				if !yield(other) {
					return
				}
			}
		}
	})
}
