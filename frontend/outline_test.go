// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"testing"

	"github.com/moby/buildkit/frontend/subrequests/outline"

	"github.com/strata-build/strata/llb/plan"
)

// TestOutlineRequired has two commands of which the second can't do without what the first
// one can.
func TestOutlineRequired(t *testing.T) {
	o := &outline.Outline{}
	for _, required := range []bool{false, true, false} {
		outlineExec(o, &plan.Exec{
			Secrets: []plan.Secret{{ID: "token", Required: required}},
			SSH:     []plan.SSH{{ID: "default", Required: required}},
		})
	}
	if len(o.Secrets) != 1 || !o.Secrets[0].Required {
		t.Errorf("secrets are %+v", o.Secrets)
	}
	if len(o.SSH) != 1 || !o.SSH[0].Required {
		t.Errorf("agents are %+v", o.SSH)
	}
}
