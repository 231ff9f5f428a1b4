// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
)

// upgrades adds the packages of the base that have a newer version. What is held, and
// what a request names, stays as that has it.
func (s *solver) upgrades(which distro.Upgrade, requests []request) []request {
	if which == distro.UpgradeNothing {
		return requests
	}
	for _, p := range s.outdated {
		asked := slices.ContainsFunc(requests, func(r request) bool { return r.version.pkg == p })
		if p.held || asked {
			continue
		}
		if v := s.newer(p, which); v != nil {
			requests = append(requests, request{Wanted{Name: p.name}, v})
		}
	}
	return requests
}

// newer is the version that a package of the base is upgraded to; nil when it is up to
// date.
func (s *solver) newer(p *pkg, which distro.Upgrade) *version {
	if which == distro.UpgradeAll {
		if p.cand != nil && p.upgradable() {
			return p.cand
		}
		return nil
	}
	for _, v := range p.versions {
		if control.CompareVersions(v.Version, p.current.Version) <= 0 {
			return nil
		}
		if s.priority(v) > 0 && slices.ContainsFunc(v.origins, origin.isSecurity) {
			return v
		}
	}
	return nil
}

// isSecurity reports whether the place is an archive of security updates, as Debian's
// and Ubuntu's call themselves.
func (o origin) isSecurity() bool {
	of := o.index.Options()
	return of.Label == "Debian-Security" || strings.HasSuffix(of.Suite, "-security") || strings.HasSuffix(of.Codename, "-security")
}
