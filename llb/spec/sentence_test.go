// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"testing"
)

// TestJoinedErrorsAreOneSentence has faults of several things at one place, one of them
// with a line break of a stranger.
func TestJoinedErrorsAreOneSentence(t *testing.T) {
	s := &Spec{File: "strata.yaml"}
	err := s.Errorf(Pos{Line: 3, Column: 7}, "check the packages: %w", errors.Join(errors.New("a has no file"), errors.New("b\nFORGED: is missing")))
	if got, want := err.Error(), `strata.yaml:3:7: check the packages: a has no file; b\nFORGED: is missing`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
