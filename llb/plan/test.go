// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/strata-build/strata/llb/spec"

// Test is a command to run in the finished image, and what it must give.
type Test struct {
	Name  string     `json:"name,omitempty"`
	Range spec.Range `json:"-"`
	Args  []string   `json:"args"`
	// Env is the whole environment, as KEY=value.
	Env     []string `json:"env"`
	User    string   `json:"user,omitempty"`
	Workdir string   `json:"workdir"`
	// Exit is the exit status that it must have.
	Exit int `json:"exit"`
	// Stdout and Stderr are conditions on the streams; nil for none.
	Stdout *Match `json:"stdout,omitempty"`
	Stderr *Match `json:"stderr,omitempty"`
}

// Match is a condition on a text; all that are not nil must hold.
type Match struct {
	Equals   *string `json:"equals,omitempty"`
	Contains *string `json:"contains,omitempty"`
	// Matches is a regular expression in Go's syntax.
	Matches *string `json:"matches,omitempty"`
}
