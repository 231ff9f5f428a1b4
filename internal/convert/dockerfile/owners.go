// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"regexp"
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// onlyRoot reports whether nothing in a stage shows that its files may belong to others
// than root.
func (s *stage) onlyRoot() bool {
	if s.user != "" && !isRoot(s.user) || s.below != nil && !s.below.onlyRoot() || slices.ContainsFunc(s.bases, func(b *stage) bool { return !b.onlyRoot() }) {
		return false
	}
	for _, cmd := range s.parsed.Commands {
		switch c := cmd.(type) {
		case *instructions.CopyCommand:
			if rootless(c.Chown) != "" {
				return false
			}
		case *instructions.AddCommand:
			if rootless(c.Chown) != "" {
				return false
			}
		case *instructions.UserCommand:
			return false
		case *instructions.RunCommand:
			for _, word := range c.CmdLine {
				if changesOwners().MatchString(word) {
					return false
				}
			}
		}
	}
	return true
}

func changesOwners() *regexp.Regexp {
	return regexp.MustCompile(`\b(chown|chgrp|useradd|adduser|install -o|su|sudo|gosu|setpriv|runuser)\b`)
}
