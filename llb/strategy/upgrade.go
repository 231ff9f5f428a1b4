// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/plan"
)

// readUpgrade reads which packages of the base are brought up to date. They belong to
// the first layer that asks for it.
func (s *packageSet) readUpgrade() error {
	a := s.asked
	for i, e := range a.entries {
		given := e.layer.Packages.Upgrade
		value, err := s.t.read.expand(given)
		if err != nil {
			return err
		}
		if value == "" || value == "false" {
			continue
		}
		which := distro.Upgrade(value)
		switch {
		case s.t.image.From.Kind == plan.Scratch:
			return s.t.read.errorf(given.Pos, "scratch has no packages that could be brought up to date; leave `upgrade` out")
		case which != distro.UpgradeAll && which != distro.UpgradeSecurity:
			return s.t.read.errorf(given.Pos, "upgrade is true, false or security, not %q", value)
		case a.upgrade != distro.UpgradeNothing && a.upgrade != which:
			return s.t.read.errorf(given.Pos, "the packages of one image are upgraded in one way, not %s and %s", a.upgrade, which)
		case a.upgrade == distro.UpgradeNothing:
			a.upgrade, a.upgradeLayer, a.upgradePos = which, i, given.Pos
		}
	}
	return nil
}
