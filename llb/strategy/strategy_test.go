// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"testing"

	"github.com/strata-build/strata/llb/spec"
)

func TestEveryStrategyIsPlanned(t *testing.T) {
	planners := map[Strategy]bool{}
	for _, s := range spec.Strategies() {
		how, err := of(s)
		if err != nil {
			t.Error(err)
		}
		planners[how] = true
	}
	if len(planners) != len(spec.Strategies()) {
		t.Errorf("%d strategies are planned in %d ways", len(spec.Strategies()), len(planners))
	}
	if how, err := of(nil); err == nil {
		t.Errorf("a layer without a strategy is planned by %T", how)
	}
}
