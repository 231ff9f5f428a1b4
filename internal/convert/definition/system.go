// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
)

var bare = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// OSRelease is /etc/os-release with some keys and values.
func OSRelease(keys []draft.Pair) draft.Entry {
	var all []string
	for _, p := range keys {
		value := p.Value
		if !bare.MatchString(value) {
			value = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(value) + `"`
		}
		all = append(all, strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))+"="+value)
	}
	return Lines("/etc/os-release", all)
}

// Account is a user or a group, with its numbers as text.
type Account struct {
	Name, UID, GID, Home, Shell string
	Members                     []string
}

// Accounts are a definition's users and groups as a build file has them: a group that
// the user brings along isn't written.
func Accounts(users, groups []Account) ([]draft.User, []draft.Group) {
	users, groups = distinct(users), distinct(groups)
	names := map[string]string{}
	for _, g := range groups {
		names[g.GID] = g.Name
	}
	var outUsers []draft.User
	implied := map[string]bool{}
	for _, u := range users {
		d := draft.User{Name: u.Name, UID: u.UID, Home: u.Home, Shell: u.Shell}
		own, known := names[u.GID]
		switch {
		case u.GID == "":
		case u.GID == u.UID && (own == u.Name || !known):
			implied[u.Name] = true
		case known:
			d.Group = own
		default:
			d.Group = u.GID
		}
		outUsers = append(outUsers, d)
	}
	var outGroups []draft.Group
	for _, g := range groups {
		others := slices.DeleteFunc(slices.Clone(g.Members), func(m string) bool { return m == g.Name })
		if implied[g.Name] && len(others) == 0 {
			continue
		}
		outGroups = append(outGroups, draft.Group{Name: g.Name, GID: g.GID, Members: members(g, users)})
	}
	return outUsers, outGroups
}

// distinct leaves out accounts that are said twice.
func distinct(all []Account) []Account {
	var out []Account
	for _, a := range all {
		if !slices.ContainsFunc(out, func(o Account) bool { return o.Name == a.Name && o.UID == a.UID && o.GID == a.GID }) {
			out = append(out, a)
		}
	}
	return out
}

// members are those that join a group which isn't their primary one.
func members(g Account, users []Account) []string {
	return slices.DeleteFunc(slices.Clone(g.Members), func(name string) bool {
		return slices.ContainsFunc(users, func(u Account) bool { return u.Name == name && u.GID == g.GID })
	})
}

// Owner is an owner as a build file has it: empty for root, the name of a user that has
// these numbers, or the numbers.
func Owner(uid, gid string, users []Account) string {
	if number(uid) == 0 && number(gid) == 0 {
		return ""
	}
	for _, u := range users {
		if u.UID == uid && u.GID == gid {
			return u.Name
		}
	}
	if uid == gid {
		return uid
	}
	if gid == "" {
		gid = "0"
	}
	if uid == "" {
		uid = "0"
	}
	return uid + ":" + gid
}

func number(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
