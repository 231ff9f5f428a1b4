// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb"
)

// OfStep is the failure of a step that ran because something looked into what it makes:
// who looked, and for what, says nothing of it. It is nil for other errors.
func OfStep(err error) error {
	var step *errdefs.SourceError
	switch {
	case len(OfSpec(err)) > 0 || !errors.As(err, &step):
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
	if !errors.As(err, &step) {
		return err
	}
	said := step.Error()
	if text := withoutCommand(llb.WithoutHelper(said)); text != said {
		return placed(step, text)
	}
	return err
}
