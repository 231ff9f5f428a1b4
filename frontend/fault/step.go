// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb"
)

// ofStep tells of a step that failed while the build file was looked into as of one that
// fails in the build: a command before packages at its own lines, and not at those of what
// wanted to know. Other errors are returned as they are.
func ofStep(err error) error {
	faults := OfSpec(err)
	if len(faults) != 1 {
		return err
	}
	failed := errors.Unwrap(faults[0])
	if failed == nil {
		return err
	}
	_, words, ok := strings.Cut(failed.Error(), `process "`)
	words = `process "` + words
	text := withoutCommand(llb.WithoutHelper(words))
	switch {
	case !ok || text == words:
		return err
	case hasLines(failed):
		return placed(failed, text)
	}
	told := *faults[0]
	told.Message = withoutCommand(llb.WithoutHelper(told.Message))
	return &told
}

// hasLines reports whether a step that failed is of lines of its own.
func hasLines(err error) bool {
	return slices.ContainsFunc(errdefs.Sources(err), func(s *errdefs.Source) bool {
		return slices.ContainsFunc(s.Ranges, func(r *pb.Range) bool { return r.Start.Line > 0 })
	})
}
