// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// updates are the newer versions that packages of the base are upgraded to, in apt's
// order; what is held or requested isn't among them. For updates of security alone they
// become the candidates.
func (s *solver) updates(which distro.Upgrade, wanted []request) []*version {
	if which == distro.UpgradeNothing {
		return nil
	}
	var out []*version
	for _, p := range s.outdated {
		asked := slices.ContainsFunc(wanted, func(r request) bool { return r.version.pkg == p })
		if v := s.newer(p, which); v != nil && !p.held && !asked {
			s.setCandidate(v)
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *version) int { return s.byTable(a.pkg, b.pkg) })
	return out
}

// upgrade plans the updates, and what they need, as "apt-get upgrade --with-new-pkgs"
// does: nothing goes for them, and what can't be upgraded then is kept back. It reports
// whether nothing is broken in the end.
func (s *solver) upgrade(updates []*version) bool {
	for _, v := range updates {
		s.install(v.pkg, false, 0, false)
	}
	planned := s.all()
	slices.SortFunc(planned, s.byTable)
	for _, p := range planned {
		if p.mode == modeInstall {
			s.install(p, true, 0, false)
		}
	}
	for _, p := range s.touched {
		if p.mode == modeRemove {
			s.keep(p, 0)
		}
	}
	ok := s.keepBack()
	for _, v := range updates {
		if p := v.pkg; p.install == p.current && control.CompareVersions(v.Version, p.current.Version) > 0 {
			s.back = append(s.back, KeptBack{Name: p.name, Version: p.current.Version, Newer: v.Version})
		}
	}
	return ok
}

// byTable is the order in which apt goes over all packages to upgrade them, that of its
// cache's table: which of two that don't go together is upgraded comes of it.
func (s *solver) byTable(a, b *pkg) int {
	return cmp.Or(
		cmp.Compare(bucket(a.group), bucket(b.group)), cmp.Compare(len(a.group), len(b.group)),
		strings.Compare(a.group, b.group), s.byOrder(a, b),
	)
}

// bucket is a name's place in the table of apt's cache.
func bucket(name string) uint32 {
	const size = 196613 // by apt's default
	hash := uint32(5381)
	for i := range len(name) {
		hash = 33*hash + uint32(name[i]|0x20)
	}
	return hash % size
}

// upgraded are requests for what of the base has another version in the end.
func (s *solver) upgraded() []request {
	var out []request
	for _, p := range s.touched {
		if p.current != nil && p.install != nil && p.install != p.current {
			out = append(out, request{Wanted{Name: p.name}, p.install})
		}
	}
	return out
}

// newer is the version that a package of the base is upgraded to; nil when it is up to
// date. As with apt it is an older one where a pin of the base is that high.
func (s *solver) newer(p *pkg, which distro.Upgrade) *version {
	if which == distro.UpgradeAll {
		if p.cand == p.current {
			return nil
		}
		return p.cand
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
func (o origin) isSecurity() bool { return isSecurity(o.index) }

func isSecurity(x *index.Index) bool {
	of := x.Options()
	return of.Label == "Debian-Security" || strings.HasSuffix(of.Suite, "-security") || strings.HasSuffix(of.Codename, "-security")
}

// LacksSecurity reports whether security updates are asked for, and no archive has any.
func (r *Request) LacksSecurity() bool {
	return r.Upgrade == distro.UpgradeSecurity && !slices.ContainsFunc(r.Indexes, isSecurity)
}
