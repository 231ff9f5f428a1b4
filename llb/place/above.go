// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import "github.com/strata-build/strata/internal/call"

// above are the directories and links that files layers put on top of an image's root.
type above struct {
	directories, likely map[string]call.Attributes
	links               map[string]string
}

// above returns what a step has to respect beside the root, which it doesn't see for the
// sake of its independence. It isn't known where an owner's name is looked up in a step of
// its own: then the image so far has to be looked into.
func (s *Skeleton) above(by *noted) (above, bool) {
	if by == nil {
		by = &noted{s.declared, s.likely}
	}
	a := above{directories: map[string]call.Attributes{}, likely: map[string]call.Attributes{}, links: map[string]string{}}
	for at, n := range by.declared {
		switch {
		case n.named:
			return above{}, false
		case !n.isDir():
			a.links[at] = n.link
		case !n.weak:
			a.directories[at] = n.attributes()
		}
	}
	for at, n := range by.likely {
		_, declared := by.declared[at]
		switch {
		case declared || n.weak || n.plain():
		case n.named:
			return above{}, false
		default:
			a.likely[at] = n.attributes()
		}
	}
	return a, true
}

// plain reports whether a directory is like most, so that a step needs no word of it.
func (n node) plain() bool { return !n.named && n.mode == 0o755 && n.uid == 0 && n.gid == 0 }

func (n node) attributes() call.Attributes {
	return call.Attributes{Mode: n.mode, UID: n.uid, GID: n.gid}
}
