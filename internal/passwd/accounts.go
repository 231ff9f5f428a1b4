// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package passwd

import (
	"cmp"
	"strconv"
)

// Accounts are the files of a root. Those with passwords are nil where it has none.
type Accounts struct{ Users, Groups, Shadow, GroupShadow *File }

// User is a user without a password.
type User struct {
	Name                 string
	ID, GID              int
	Comment, Home, Shell string
	// Password is what stands for it; ! if empty, which locks it.
	Password string
	// Aging are the fields of shadow after the password: from the day of its last change
	// on, which isn't the day of a build; what passwd writes without a policy if there are
	// none.
	Aging []string
}

// AddUser adds a user, whose password is locked.
func (a *Accounts) AddUser(u User) error {
	if err := a.Users.Add(u.Name, "x", strconv.Itoa(u.ID), strconv.Itoa(u.GID), u.Comment, u.Home, u.Shell); err != nil || a.Shadow == nil {
		return err
	}
	if u.Aging == nil {
		u.Aging = Aging()
	}
	return a.Shadow.Add(append([]string{u.Name, cmp.Or(u.Password, "!")}, u.Aging...)...)
}

// Aging are the fields of a password that never expires.
func Aging() []string { return []string{"", "0", "99999", "7", "", "", ""} }

// AddGroup adds a group without members.
func (a *Accounts) AddGroup(name string, id int) error {
	if err := a.Groups.Add(name, "x", strconv.Itoa(id), ""); err != nil || a.GroupShadow == nil {
		return err
	}
	return a.GroupShadow.Add(name, "!", "", "")
}
