// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/distro/alpine/resolve"
)

// arch is apk's word for the architecture of all questions.
const arch = "x86_64"

// request is the question as a build file asks it, without the names.
func (q *question) request() (resolve.Request, error) {
	req := resolve.Request{Architecture: arch, Upgrade: q.args[0] == "upgrade"}
	for i, r := range q.repos {
		x, err := index.ParseIndex(r.text, index.Options{Repository: fmt.Sprint("repository ", i), Tag: r.tag, Architecture: arch})
		if err != nil {
			return req, err
		}
		req.Indexes = append(req.Indexes, x)
	}
	var err error
	if req.Installed, err = index.ReadInstalled(q.installed); err != nil {
		return req, err
	}
	req.World, err = index.ParseWorld(strings.Join(q.world, "\n"))
	return req, err
}

// ours is Strata's answer, and what it says beside it: the error, or the ties.
func (q *question) ours() (a answer, note string, err error) {
	req, err := q.request()
	if err != nil {
		return answer{}, "", fmt.Errorf("%s: %w", q.name, err)
	}
	for _, name := range q.args[1:] {
		w, err := resolve.ParseWanted(name)
		if err != nil {
			return answer{failed: true}, err.Error(), nil
		}
		req.Wanted = append(req.Wanted, w)
	}
	sol, err := resolve.Resolve(req)
	if err != nil {
		return answer{failed: true}, err.Error(), nil
	}
	for _, name := range sol.Order {
		i := slices.IndexFunc(sol.Packages, func(p resolve.Package) bool { return p.Name == name })
		a.steps = append(a.steps, "+"+name+" "+sol.Packages[i].Version)
	}
	for _, name := range sol.Removed {
		a.steps = append(a.steps, "-"+name)
	}
	var ties []string
	for _, t := range sol.Ties {
		ties = append(ties, t.String())
	}
	return a, strings.Join(ties, "; "), nil
}

// same reports whether two answers have the same packages.
func (a answer) same(b answer) bool {
	sorted := func(a answer) []string { return slices.Sorted(slices.Values(a.steps)) }
	return a.failed && b.failed || a.failed == b.failed && slices.Equal(sorted(a), sorted(b))
}

// sameOrder reports whether what comes in does so in the same order.
func (a answer) sameOrder(b answer) bool {
	return a.failed || slices.Equal(a.installs(), b.installs())
}

// installs are the steps that put packages in.
func (a answer) installs() []string {
	return slices.DeleteFunc(slices.Clone(a.steps), func(s string) bool { return s[0] == '-' })
}

// String is an answer in a line.
func (a answer) String() string {
	if a.failed {
		return "fails"
	}
	return fmt.Sprintf("%q", a.steps)
}
