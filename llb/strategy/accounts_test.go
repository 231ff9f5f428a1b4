// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/plan"
)

// TestAccountsAndPackages has the users of a target where commands and packages may
// need them: below the first command in place, and once more above packages, if they
// refer to accounts that packages may have brought.
func TestAccountsAndPackages(t *testing.T) {
	command, packages := "  - build: {run: touch /x}\n", "  - packages: [train]\n"
	for _, c := range []struct {
		users, layers string
		want          []string
	}{
		{"users: [{name: app, groups: [toys]}]\n", packages, []string{"packages", "users"}},
		{"users: [{name: app, groups: [toys]}]\n", packages + command, []string{"packages", "users", "build"}},
		{"users: [{name: app, groups: [toys]}]\n", command + packages, []string{"users early", "build", "packages", "users"}},
		{"users: [{name: app, group: toys}]\n", command + packages, []string{"users early", "build", "packages", "users"}},
		{"users: [{name: app, group: toys}]\n", command + packages + command, []string{"users early", "build", "packages", "users", "build"}},
		{"users: [{name: app, group: toys}]\n", command + command, []string{"users", "build"}},
		{"groups: [{name: team, members: [toy]}]\n", command + packages, []string{"users early", "build", "packages", "users"}},
		{"users: [{name: app, groups: [team]}]\ngroups: [{name: team}]\n", command + packages, []string{"users", "build", "packages"}},
	} {
		r := withBase(t, "from: toys:1\n"+c.users+"layers:\n"+c.layers, someFiles{"/etc/toy": "https://toys.example.org\n"})
		r.Systems = []distro.System{toy{}}
		r.Fetch = served{"https://toys.example.org/index": toyIndex}
		var got []string
		for _, l := range mustPlan(t, r).Images[0].Layers {
			words := l.Strategy
			if a, ok := l.Action.(*plan.Accounts); ok && a.Early {
				words += " early"
			}
			got = append(got, words)
		}
		if diff := cmp.Diff(c.want, slices.Compact(got)); diff != "" {
			t.Errorf("%s%s (-want +got):\n%s", c.users, c.layers, diff)
		}
	}
}
