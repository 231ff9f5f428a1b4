// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// AccountsUsage is what [Accounts] takes.
const AccountsUsage = AccountsName + ` [--group NAME:GID]... [--user NAME:UID:GROUP:COMMENT:HOME:SHELL]... [--member GROUP:USER]...
                    [--home USER]... [--early] SRC DST`

// AccountsName is what the subcommand of [Accounts] is called.
const AccountsName = "accounts"

// Accounts enters users and groups beside those of an image.
type Accounts struct {
	Groups []Group
	Users  []User
	// Members are pairs of a group and a user.
	Members [][2]string
	// Homes are the users whose home directories are made.
	Homes []string
	// Early leaves out users and members whose group isn't there.
	Early bool
	// Source has the image's etc/passwd, etc/group, etc/shadow and etc/gshadow, as far as
	// there are any, and Out is an empty directory.
	Source, Out string
}

// Group is an entry of /etc/group.
type Group struct {
	Name string
	GID  int
}

// User is an entry of /etc/passwd, with a group's name or number.
type User struct {
	Name                        string
	UID                         int
	Group, Comment, Home, Shell string
}

// Args are the helper's arguments.
func (c Accounts) Args() []string {
	args := []string{AccountsName}
	for _, g := range c.Groups {
		args = append(args, "--group", g.Name+":"+strconv.Itoa(g.GID))
	}
	for _, u := range c.Users {
		args = append(args, "--user", strings.Join([]string{u.Name, strconv.Itoa(u.UID), u.Group, u.Comment, u.Home, u.Shell}, ":"))
	}
	for _, m := range c.Members {
		args = append(args, "--member", m[0]+":"+m[1])
	}
	return slices.Concat(args, Each("home", c.Homes), Switch("early", c.Early), Operands(c.Source, c.Out))
}

// ParseAccounts reads the arguments after the name.
func ParseAccounts(args []string) (Accounts, error) {
	var c Accounts
	set := Flags(AccountsName)
	set.Func("group", "", func(word string) error {
		f, id, err := fields(word, 2)
		if err == nil {
			c.Groups = append(c.Groups, Group{Name: f[0], GID: id})
		}
		return err
	})
	set.Func("user", "", func(word string) error {
		f, id, err := fields(word, 6)
		if err == nil {
			c.Users = append(c.Users, User{Name: f[0], UID: id, Group: f[2], Comment: f[3], Home: f[4], Shell: f[5]})
		}
		return err
	})
	set.Func("member", "", func(word string) error {
		group, user, ok := strings.Cut(word, ":")
		if !ok || strings.Contains(user, ":") {
			return errors.New("want GROUP:USER")
		}
		c.Members = append(c.Members, [2]string{group, user})
		return nil
	})
	set.Var((*List)(&c.Homes), "home", "")
	set.BoolVar(&c.Early, "early", false, "")
	err := Parse(set, args, 2, 2)
	c.Source, c.Out = set.Arg(0), set.Arg(1)
	return c, err
}

// fields are the parts of an entry, the second of which is a number.
func fields(word string, n int) (f []string, id int, err error) {
	f = strings.Split(word, ":")
	if len(f) != n {
		return nil, 0, errors.New("want " + strconv.Itoa(n) + " fields with colons between them")
	}
	number, err := strconv.ParseUint(f[1], 10, 31)
	if err == nil && strconv.FormatUint(number, 10) != f[1] {
		err = errors.New("want a number without zeros before it")
	}
	return f, int(number), err
}
