// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
)

// A reason is why scenarios are meant to have another answer than apt's.
type reason struct {
	why string
	is  func(*scenario) bool
}

// reasonFor says why an answer is meant to be another one; "" if it isn't.
func reasonFor(s *scenario) string {
	for _, r := range reasons() {
		if r.is(s) {
			return r.why
		}
	}
	return ""
}

func reasons() []reason {
	ours := func(text string) func(*scenario) bool {
		return func(s *scenario) bool { return strings.Contains(s.Ours.Reason, text) }
	}
	apt := func(text string) func(*scenario) bool {
		return func(s *scenario) bool { return strings.Contains(s.Apt.Reason, text) }
	}
	script := func(name string) func(*scenario) bool {
		return func(s *scenario) bool { return s.Script == name }
	}
	return []reason{
		{"what must not come in is never taken out of the base: !name is an error there, and name- removes it", ours("keep out the package")},
		{"a base with a package that has no architecture is refused", ours(`packages of the architecture ""`)},
		{"apt's limits on the size of its cache don't count", apt("package lists or status file could not be parsed or opened")},
		{"a base that dpkg left half-way is refused", ours("where the base is built, or take another base")},
		{"updates come at once for all: apt doesn't hold them back either where a machine has no identity, as in a build", script("test-phased-updates-upgrade")},
		{"apt orders while it simulates, and refuses a circle of Pre-Depends; here dpkg does", apt("dependency cycle")},
		{"apt orders while it simulates, and refuses a circle of Pre-Depends; here dpkg does", apt("Could not configure")},
		{"apt orders while it simulates, and refuses a circle of Pre-Depends; here dpkg does", apt("MaxLoopCount reached")},
		{"hooks of apt's configuration aren't run", apt("ook ")},
		{"hooks of apt's configuration aren't run", apt("after handshake")},
		{"indexes that apt keeps compressed in a way of its own aren't read by this program", script("test-compressed-indexes")},
		{"an archive's version is the installed one if it is called the same, whatever it needs", script("test-xorg-break-providers")},
	}
}
