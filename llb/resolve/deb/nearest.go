// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package deb

import "github.com/strata-build/strata/llb/resolve"

// nearest returns up to five names with versions that are spelled like one that
// does not exist.
func (s *solver) nearest(name string) []string {
	return resolve.Nearest(name, func(yield func(string) bool) {
		for _, x := range s.indexes {
			for other := range x.byName {
				if !yield(other) {
					return
				}
			}
		}
	})
}
