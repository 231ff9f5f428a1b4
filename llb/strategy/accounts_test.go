// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
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

// TestNumbersOfSystemUsers has as many of them as there are numbers, and one more, which must
// not become root.
func TestNumbersOfSystemUsers(t *testing.T) {
	text := "users:\n"
	for i := range 401 {
		text += fmt.Sprintf("  - {name: u%d, system: true}\n", i)
	}
	if _, err := strategy.Plan(t.Context(), withBase(t, "from: toys:1\n"+text[:strings.LastIndex(text, "  -")], nil)); err != nil {
		t.Error(err)
	}
	_, err := strategy.Plan(t.Context(), withBase(t, "from: toys:1\n"+text, nil))
	if err == nil || !strings.Contains(err.Error(), "strata.yaml:403:12: no number from 100 to 499 is free any more") {
		t.Errorf("error %v", err)
	}
}

// TestAccountsBeforePackages has the accounts that are there before packages: those that
// packages may make as well, or whose numbers they may take.
func TestAccountsBeforePackages(t *testing.T) {
	for users, want := range map[string]string{
		"users: [{name: app, uid: 1000}]\n":               "",
		"users: [{name: app, system: true}]\n":            "",
		"users: [{name: trai, uid: 5000}, {name: app}]\n": "trai 5000, trai 5000",
		"users: [{name: tra}]\n":                          "tra 1000, tra 1000",
		"users: [{name: app, uid: 999, group: \"0\"}]\n":  "app 999",
		"users: [{name: app, uid: 999, group: team}]\ngroups: [{name: team, gid: 4000}, {name: other, gid: 4001}]\n": "app 999, team 4000",
		"groups: [{name: team, gid: 101}]\n": "team 101",
	} {
		r := withBase(t, "from: toys:1\n"+users+"layers:\n  - packages: [train]\n", someFiles{"/etc/toy": "https://toys.example.org\n"})
		r.Systems = []distro.System{toy{}}
		r.Fetch = served{"https://toys.example.org/index": toyIndex}
		var got []string
		for _, l := range mustPlan(t, r).Images[0].Layers {
			action, ok := l.Action.(*plan.Install)
			if !ok || action.Accounts == nil {
				continue
			}
			for _, u := range action.Accounts.Users {
				got = append(got, fmt.Sprint(u.Name, " ", u.UID))
			}
			for _, g := range action.Accounts.Groups {
				got = append(got, fmt.Sprint(g.Name, " ", g.GID))
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", users, diff)
		}
	}
}
