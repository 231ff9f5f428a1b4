// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"slices"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb"
)

// OfStep is the failure of a step that ran because something looked into what it makes:
// who looked, and for what, says nothing of it. It is nil for other errors, and for those
// of an offline build, which say themselves what is missing.
func OfStep(err error) error {
	var step *errdefs.SourceError
	switch {
	case len(OfSpec(err)) > 0 || AsUncached(err) != nil || !errors.As(err, &step):
		return nil
	case AsFetch(err) != nil:
		return err
	default:
		return step
	}
}

// OfCommand is the failure of a command that ran because the plan needs a look at what it
// makes, at the command's own place. Other errors, and nil, are returned as they are.
func OfCommand(err error) error {
	var step *errdefs.SourceError
	if AsUncached(err) != nil || !errors.As(err, &step) || !hasLines(step) {
		return err
	}
	if text := withoutStep(step.Error()); text != step.Error() {
		return placed(step, text)
	}
	return err
}

// ofLook is OfCommand for a fault of the build file that a look at what a step makes ended
// with. Of a step that has no lines of its own, such as one that tries how packages get
// into a base, the fault keeps its place.
func ofLook(err error) error {
	faults := OfSpec(err)
	if len(faults) != 1 {
		return err
	}
	cause := errors.Unwrap(faults[0])
	if step := (*reworded)(nil); errors.As(OfCommand(cause), &step) && !errors.As(cause, new(*reworded)) {
		return step
	}
	told := *faults[0]
	if told.Message = withoutStep(told.Message); told.Message != faults[0].Message {
		return &told
	}
	return err
}

// withoutStep leaves out what BuildKit quotes of a command that failed.
func withoutStep(text string) string { return withoutCommand(llb.WithoutHelper(text)) }

// hasLines reports whether a step that failed is of lines of its own.
func hasLines(err error) bool {
	return slices.ContainsFunc(errdefs.Sources(err), func(s *errdefs.Source) bool {
		return slices.ContainsFunc(s.Ranges, func(r *pb.Range) bool { return r.Start.Line > 0 })
	})
}
