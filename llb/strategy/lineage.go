// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/spec"
)

// An Ancestor is a target, and the platform that it is for.
type Ancestor struct{ Target, Platform string }

// Lineage is the target of a request and those that it is made from, one after the other,
// when it is asked for a platform, given as os/arch[/variant]. It goes as far as the build
// file alone says it.
func Lineage(r Request, platform string) []Ancestor {
	r.AllowMissing = true
	r.Warn = func(*spec.Error) {}
	p := &planner{req: r, vars: map[string]spec.Vars{}}
	vars, err := p.varsFor(platform)
	all := []Ancestor{{r.Target, platform}}
	if err != nil {
		return all
	}
	read := reader{file: r.Spec, vars: vars}
	for {
		last := &all[len(all)-1]
		t := r.Spec.Target(last.Target)
		if t == nil {
			return all
		}
		if t.Platform.IsSet() {
			if own, err := read.platform(t.Platform); err == nil {
				last.Platform = own
			}
		}
		from, err := read.expand(t.From)
		base, ok := strings.CutPrefix(from, "target:")
		if err != nil || !ok || slices.ContainsFunc(all, func(a Ancestor) bool { return a.Target == base }) {
			return all
		}
		all = append(all, Ancestor{base, platform})
	}
}
