// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

var _ strategy.Guard = (*sources)(nil)

// Installer says how the packages of a plan's last image can be installed.
func (s *sources) Installer(_ context.Context, _ *plan.Plan) (plan.Installer, string, error) {
	return plan.Register, "", nil
}
