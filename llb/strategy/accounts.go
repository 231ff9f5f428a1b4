// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// The numbers that are given to those without. Programs give the accounts of packages
// numbers from 100 upwards or from 999 downwards: those of a target lie between them.
const (
	firstUser  = 1000
	lastSystem = 499
	// firstSystem is the first that adduser and useradd give; those below are for the base.
	firstSystem = 100
)

// accounts are the users and groups of a target, with all of their numbers.
type accounts struct {
	read reader
	made plan.Accounts
	// at are where the build file names users and groups.
	users, groups map[string]spec.Pos
	// uids and gids are the numbers of those that are made.
	uids, gids map[int]bool
	// groupAt is where groups are among those, by their names.
	groupAt map[string]int
}

// planAccounts reads the users and groups of a target, so that owners can be named from
// the start: their numbers don't depend on what the base has.
func (t *Target) planAccounts() error {
	a := &accounts{read: t.read, users: map[string]spec.Pos{}, groups: map[string]spec.Pos{}, uids: map[int]bool{}, gids: map[int]bool{}, groupAt: map[string]int{}}
	if err := a.planGroups(t.described); err != nil {
		return err
	}
	if err := a.planUsers(t.described); err != nil {
		return err
	}
	if len(a.made.Users)+len(a.made.Groups)+len(a.made.Members) > 0 {
		t.read.accounts, t.accounts = &a.made, &a.made
	}
	return nil
}

// name reads a name that no other account of its kind has.
func (a *accounts) name(s spec.String, kind string, seen map[string]spec.Pos) (string, error) {
	name, err := a.read.expand(s)
	if err != nil {
		return "", err
	}
	if _, err := spec.ParseAccount(name); err != nil {
		return "", a.read.errorf(s.Pos, "%w", err)
	}
	if first, ok := seen[name]; ok {
		return "", a.read.errorf(s.Pos, "the %s %s is on line %d already", kind, name, first.Line)
	}
	seen[name] = s.Pos
	return name, nil
}

// id reads the number of what has a name, or takes the next one that is free.
func (a *accounts) id(name, s spec.String, system bool, left *freeIDs, taken map[int]bool) (int, error) {
	if s.IsSet() {
		text, err := a.read.expand(s)
		if err != nil {
			return 0, err
		}
		n, err := spec.ParseID(text)
		switch {
		case err != nil:
			return 0, a.read.errorf(s.Pos, "%w", err)
		case taken[n]:
			return 0, a.read.errorf(s.Pos, "the number %d is taken by another one of this target", n)
		}
		return n, nil
	}
	n, step := &left.user, 1
	if system {
		n, step = &left.system, -1
	}
	for left.gone(*n) {
		*n += step
	}
	if *n < firstSystem {
		return 0, a.read.errorf(name.Pos, "no number from %d to %d is free any more; give it one of its own", firstSystem, lastSystem)
	}
	return *n, nil
}

// freeIDs say from where on numbers may be free; those that are gone stay so.
type freeIDs struct {
	user, system int
	gone         func(int) bool
}

func allBut(gone func(int) bool) *freeIDs { return &freeIDs{firstUser, lastSystem, gone} }

// given are the numbers that the build file has; those that are left out are others.
func (a *accounts) given(ids []spec.String) map[int]bool {
	out := map[int]bool{}
	for _, s := range ids {
		text, err := a.read.expand(s)
		if n, e := spec.ParseID(text); err == nil && e == nil && s.IsSet() {
			out[n] = true
		}
	}
	return out
}

func (a *accounts) planGroups(t *spec.Target) error {
	var ids []spec.String
	for _, g := range t.Groups {
		ids = append(ids, g.GID)
	}
	given := a.given(ids)
	maps.Copy(given, a.given(ownGroups(t)))
	left := allBut(func(n int) bool { return a.gids[n] || given[n] })
	for i := range t.Groups {
		g := &t.Groups[i]
		name, err := a.name(g.Name, "group", a.groups)
		if err != nil {
			return err
		}
		gid, err := a.id(g.Name, g.GID, g.System, left, a.gids)
		if err != nil {
			return err
		}
		a.addGroup(name, gid)
		members, err := a.read.expandAll(g.Members)
		if err != nil {
			return err
		}
		for _, user := range members {
			a.made.Members = append(a.made.Members, plan.Member{Group: name, User: user})
		}
	}
	return nil
}

// ownGroups are the numbers of users that have groups of their own names and numbers.
func ownGroups(t *spec.Target) (ids []spec.String) {
	listed := map[string]bool{}
	for i := range t.Groups {
		listed[t.Groups[i].Name.Value] = true
	}
	for i := range t.Users {
		u := &t.Users[i]
		if !u.Group.IsSet() && !listed[u.Name.Value] {
			ids = append(ids, u.UID)
		}
	}
	return ids
}

func (a *accounts) planUsers(t *spec.Target) error {
	var ids []spec.String
	for _, u := range t.Users {
		ids = append(ids, u.UID)
	}
	given := a.given(ids)
	left := allBut(func(n int) bool { return a.uids[n] || given[n] })
	both := allBut(func(n int) bool { return left.gone(n) || a.gids[n] }) // for a user and its group
	for i := range t.Users {
		u := &t.Users[i]
		name, err := a.name(u.Name, "user", a.users)
		if err != nil {
			return err
		}
		free := left
		if !u.Group.IsSet() && a.group(name) == nil {
			free = both
		}
		uid, err := a.id(u.Name, u.UID, u.System, free, a.uids)
		if err != nil {
			return err
		}
		out := plan.User{Name: name, UID: uid, Home: "/home/" + name, Shell: "/bin/sh"}
		if u.System {
			out.Home, out.Shell = plan.NoHome, "/sbin/nologin"
		}
		if err := a.planUser(u, &out); err != nil {
			return err
		}
		a.made.Users = append(a.made.Users, out)
		a.uids[uid] = true
	}
	return nil
}

// planUser reads the rest of a user: where it lives, and its groups.
func (a *accounts) planUser(u *spec.User, out *plan.User) error {
	for _, field := range []struct {
		from spec.String
		to   *string
	}{{u.Home, &out.Home}, {u.Shell, &out.Shell}} {
		if !field.from.IsSet() {
			continue
		}
		var err error
		if *field.to, _, err = a.read.dest(field.from); err != nil {
			return err
		}
	}
	if err := checkName(a.read, u.Home.Pos, out.Home); err != nil {
		return err
	}
	var err error
	if out.Comment, err = a.read.expand(u.Comment); err != nil {
		return err
	}
	for _, field := range []string{out.Home, out.Shell, out.Comment} {
		if strings.ContainsAny(field, ":\n") {
			return a.read.errorf(u.Range.Start, "%q can't stand in /etc/passwd: it has a colon or a line break", field)
		}
	}
	groups, err := a.read.expandAll(u.Groups)
	if err != nil {
		return err
	}
	for _, g := range groups {
		a.made.Members = append(a.made.Members, plan.Member{Group: g, User: out.Name})
	}
	return a.planPrimary(u, out)
}

// planPrimary reads the primary group, or makes one of the user's own name.
func (a *accounts) planPrimary(u *spec.User, out *plan.User) error {
	name := out.Name
	if u.Group.IsSet() {
		var err error
		if name, err = a.read.expand(u.Group); err != nil {
			return err
		}
	}
	known := a.group(name)
	switch {
	case known != nil:
		out.Group = strconv.Itoa(known.GID)
	case u.Group.IsSet():
		out.Group = name // a number, or one that the image has
	case a.gids[out.UID]:
		return a.read.errorf(u.Name.Pos, "the user %s would have a group of its own with the number %d, which another group has; say with `group` which one is meant", out.Name, out.UID)
	default:
		a.addGroup(name, out.UID)
		out.Group = strconv.Itoa(out.UID)
	}
	return nil
}

func (a *accounts) addGroup(name string, gid int) {
	a.groupAt[name], a.gids[gid] = len(a.made.Groups), true
	a.made.Groups = append(a.made.Groups, plan.Group{Name: name, GID: gid})
}

func (a *accounts) group(name string) *plan.Group {
	if i, ok := a.groupAt[name]; ok {
		return &a.made.Groups[i]
	}
	return nil
}

func findGroup(a *plan.Accounts, name string) *plan.Group {
	for i := range a.Groups {
		if a.Groups[i].Name == name {
			return &a.Groups[i]
		}
	}
	return nil
}

// numbered gives an owner the numbers of the target's own accounts, so that nothing has
// to be looked up for them.
func numbered(a *plan.Accounts, o plan.Owner) plan.Owner {
	if a == nil {
		return o
	}
	for _, u := range a.Users {
		if u.Name == o.User {
			o.User = strconv.Itoa(u.UID)
			if o.Group == "" {
				o.Group = u.Group
			}
			break
		}
	}
	if g := findGroup(a, o.Group); g != nil {
		o.Group = strconv.Itoa(g.GID)
	}
	return o
}

// ownAccounts are those of a target's users and groups that packages may make by
// themselves, or whose numbers packages may take for others: they must be there before
// scripts run. All others can wait, so that packages don't depend on them. A package
// makes accounts that are called as it is, or what its name begins with; an account
// whose number lies where the programs for that choose them is among them in any case.
func ownAccounts(a *plan.Accounts, archives []plan.Archive) *plan.Accounts {
	if a == nil {
		return nil
	}
	made := func(name string, id int) bool {
		return id >= 100 && id < 1000 && (id <= lastSystem-100 || id > lastSystem) ||
			slices.ContainsFunc(archives, func(p plan.Archive) bool { return strings.HasPrefix(p.Name, name) })
	}
	var out plan.Accounts
	primary := map[string]bool{}
	for _, u := range a.Users {
		if made(u.Name, u.UID) {
			out.Users = append(out.Users, u)
			primary[u.Group] = true
		}
	}
	for _, g := range a.Groups {
		if made(g.Name, g.GID) || primary[strconv.Itoa(g.GID)] {
			out.Groups = append(out.Groups, g)
		}
	}
	if len(out.Users)+len(out.Groups) == 0 {
		return nil
	}
	return &out
}

// addAccounts puts the target's users and groups on, unless they are there. Before the
// end, accounts of packages that come later may be missing.
func (t *Target) addAccounts() {
	if t.accounts == nil {
		return
	}
	words, lines := t.accountsWords()
	t.image.Layers = append(t.image.Layers, plan.Layer{Strategy: "users", Words: words, Range: lines, Action: t.accounts})
	if refersElsewhere(t.accounts) {
		t.early, t.accounts.Early = t.accounts, true
	}
	t.accounts = nil
}

// packagesCame has the accounts put on once more, above packages that may have brought
// some that the target's refer to.
func (t *Target) packagesCame(made []plan.Layer) {
	installs := slices.ContainsFunc(made, func(l plan.Layer) bool {
		_, ok := l.Action.(*plan.Install)
		return ok
	})
	if t.early == nil || !installs {
		return
	}
	again := *t.early
	again.Early = false
	t.accounts, t.early = &again, nil
}

// endAccounts puts on what isn't there yet. No packages come any more: what refers to
// other accounts refers to those that are there.
func (t *Target) endAccounts() {
	t.addAccounts()
	if t.early != nil {
		t.early.Early = false
	}
}

// accountsWords are the words of the layer of accounts, and the lines that it is at.
func (t *Target) accountsWords() (string, spec.Range) {
	var names []string
	for _, u := range t.accounts.Users {
		names = append(names, u.Name)
	}
	words, lines := "users ", t.described.Range
	if len(names) == 0 {
		words = "groups "
		for _, g := range t.accounts.Groups {
			names = append(names, g.Name)
		}
	}
	if n := len(t.described.Users); n > 0 {
		lines = spec.Range{Start: t.described.Users[0].Range.Start, End: t.described.Users[n-1].Range.End}
	} else if n := len(t.described.Groups); n > 0 {
		lines = spec.Range{Start: t.described.Groups[0].Range.Start, End: t.described.Groups[n-1].Range.End}
	}
	return words + plan.Few(names), lines
}
