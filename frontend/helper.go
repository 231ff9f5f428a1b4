// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"fmt"

	bk "github.com/moby/buildkit/client/llb"
)

// StepSource is the name of the local source that brings the step helper when
// the frontend runs inside the command line. It holds one static binary for each
// architecture, named as StepFile says.
const StepSource = "strata-step"

// StepFile is the name of the step helper for an architecture (GOARCH).
func StepFile(arch string) string { return "strata-step-" + arch }

// stepArchs are the architectures that the frontend image has a helper for.
func stepArchs() []string { return []string{"amd64", "arm64"} }

// step returns the step helper for an architecture. As an image, the frontend
// brings it as a file of its own, so that a new frontend with the same helper
// keeps the cache; inside the command line it comes from there.
func (r *request) step(arch string) (bk.State, string, error) {
	known := false
	for _, a := range stepArchs() {
		known = known || a == arch
	}
	if !known { // the daemon's own runs anywhere that its kernel knows how to run arch
		arch = r.buildsOn.Architecture
	}
	name := StepFile(arch)
	if c, ok := r.client.(interface {
		CurrentFrontend() (*bk.State, error)
	}); ok {
		st, err := c.CurrentFrontend()
		if err != nil {
			return bk.State{}, "", fmt.Errorf("find the frontend's own image: %w", err)
		}
		if st != nil {
			return *st, "/" + name, nil
		}
	}
	st := bk.Local(StepSource,
		bk.SessionID(r.client.BuildOpts().SessionID),
		bk.SharedKeyHint(StepSource),
		bk.FollowPaths([]string{name}),
		bk.WithCustomName("[internal] load the step helper"))
	return st, "/" + name, nil
}
