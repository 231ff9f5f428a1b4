// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"slices"
	"strings"
)

// owner reads USER[:GROUP] as COPY --chown of a Dockerfile does: a user's
// name alone takes its primary group, a number alone is the group's number too.
func (a accounts) owner(spec string) (owner, error) {
	user, groupName, _ := strings.Cut(spec, ":")
	if user == "" {
		return owner{}, errors.New("want USER or USER:GROUP, got no user")
	}
	var o owner
	if n, err := number(user); err == nil {
		o = owner{uid: n, gid: n}
	} else if found, err := a.userCalled(user); err == nil {
		o = owner{uid: found.uid, gid: found.gid}
	} else if user != "root" || a.known && len(a.users) > 0 {
		return owner{}, err
	}
	if groupName == "" {
		return o, nil
	}
	gid, err := a.group(groupName)
	o.gid = gid
	return o, err
}

// group reads a group's number or name. Root's is 0 in an image that has no groups.
func (a accounts) group(spec string) (int, error) {
	if n, err := number(spec); err == nil {
		return n, nil
	}
	if spec == "root" && len(a.groups) == 0 {
		return 0, nil
	}
	return a.groupCalled(spec)
}

// A login is what a command started for a user has of it.
type login struct {
	uid, gid int
	groups   []int
	home     string
}

// login reads USER[:GROUP] as the container runtimes do: the supplementary
// groups are the user's own, but only if no group is given, and a number
// without an entry is a user too, of group 0.
func (a accounts) login(spec string) (login, error) {
	user, groupName, _ := strings.Cut(spec, ":")
	if user == "" {
		return login{}, errors.New("want USER or USER:GROUP, got no user")
	}
	l, name := login{home: "/"}, ""
	n, err := number(user)
	var i int
	if err == nil {
		l.uid = n
		i = slices.IndexFunc(a.users, func(u account) bool { return u.uid == n })
	} else {
		i = slices.IndexFunc(a.users, func(u account) bool { return u.name == user })
		if _, err := a.userCalled(user); err != nil && (user != "root" || len(a.users) > 0) {
			return login{}, err
		}
	}
	if i >= 0 {
		found := a.users[i]
		l.uid, l.gid, name = found.uid, found.gid, found.name
		if found.home != "" {
			l.home = found.home
		}
	}
	if groupName != "" {
		l.gid, err = a.group(groupName)
		return l, err
	}
	for _, g := range a.groups {
		if name != "" && slices.Contains(g.members, name) {
			l.groups = append(l.groups, g.gid)
		}
	}
	return l, nil
}
