// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"errors"
	"testing"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// unlowered is an action that nothing lowers.
type unlowered struct{ plan.Action }

// TestEveryActionIsLowered fails when an action is added and forgotten here.
func TestEveryActionIsLowered(t *testing.T) {
	lower := func(a plan.Action) error {
		img := &plan.Image{Target: "default", Platform: "linux/amd64", From: plan.Tree{Kind: plan.Scratch}, Layers: []plan.Layer{{Action: a}}}
		_, err := Lower(t.Context(), &plan.Plan{Images: []*plan.Image{img}}, Options{
			Step: func(string) (bk.State, string, error) { return bk.Scratch(), "/step", nil },
		})
		return err
	}
	for _, a := range plan.Actions() {
		if err := lower(a); errors.Is(err, errUnknownAction) {
			t.Error(err)
		}
	}
	if err := lower(unlowered{&plan.Files{}}); !errors.Is(err, errUnknownAction) {
		t.Errorf("an unknown action gives %v", err)
	}
}
