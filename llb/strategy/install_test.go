// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"testing"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// checkedToy is a toy whose packages are looked at before they are registered.
type checkedToy struct{ toy }

func (checkedToy) Facts() distro.Facts {
	facts := toy{}.Facts()
	facts.Checks = true
	return facts
}

// checks counts how often packages are looked at.
type checks int

func (c *checks) Check(context.Context, *plan.Plan) (distro.Verdict, error) {
	*c++
	return distro.Verdict{Installer: plan.Native, Why: "for a test"}, nil
}

// TestPackagesAreLookedAtOnce plans packages on a base whose name says nothing of what
// it is, with and without a lock that is written: one look is enough for the lock and
// for the layers.
func TestPackagesAreLookedAtOnce(t *testing.T) {
	for _, writes := range []bool{false, true} {
		r := withBase(t, toyFile, someFiles{"/etc/toy": "https://toys.example.org\n"})
		r.Systems = []distro.System{checkedToy{}}
		r.Fetch = served{"https://toys.example.org/index": toyIndex}
		var looked checks
		r.Checker = &looked
		var locked *lock.Packages
		if writes {
			r.Lock.Store = func(_ string, p lock.Platform, _ []lock.Repository) { locked = p.Packages }
		}
		layers := mustPlan(t, r).Images[0].Layers
		if looked != 1 {
			t.Errorf("with a lock that is written %v: it looked %d times", writes, looked)
		}
		if a, ok := layers[len(layers)-1].Action.(*plan.Install); !ok || a.Installer != plan.Native {
			t.Errorf("the last layer is %+v", layers[len(layers)-1].Action)
		}
		if writes && locked.Installer != plan.Native {
			t.Errorf("the lock has %+v", locked)
		}
	}
}
