// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import "strings"

// lost reports whether an error is BuildKit's about a step that it has lost track of: one of
// a build that was cancelled is in its scheduler's index for ever, and what has the same key
// is merged with it (moby/buildkit#2303).
func lost(err error) bool {
	text := err.Error()
	return strings.Contains(text, "failed to get state for index ") || strings.Contains(text, ": inconsistent graph state in edge ")
}

// lostWords say what to do about it.
const lostWords = "; BuildKit has lost track of a step that a cancelled build had, too (moby/buildkit#2303): restart the daemon; " +
	"the engine of the command line ends a minute after its last command"
