// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"flag"
	"slices"
	"strconv"
	"strings"
)

// AccountsUsage is what [Accounts] takes.
const AccountsUsage = AccountsName + ` [--group NAME:GID]... [--user NAME:UID:GROUP:COMMENT:HOME:SHELL]... [--member GROUP:USER]...
                    [--home USER]... [--early] SRC DST`

// AccountsName is what the subcommand of [Accounts] is called.
const AccountsName = "accounts"

// EntriesUsage is what [Entries] take.
const EntriesUsage = "[--group NAME:GID]... [--user NAME:UID:GROUP:COMMENT:HOME:SHELL]... [--home USER]..."

// Entries are users and groups that an image is to have.
type Entries struct {
	Groups []Group
	Users  []User
	// Homes are the users whose home directories are made.
	Homes []string
}

// Accounts enters users and groups beside those of an image.
type Accounts struct {
	Entries
	// Members are pairs of a group and a user.
	Members [][2]string
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

// Flags are the entries as flags.
func (e Entries) Flags() []string {
	return append(e.accounts(), Each("home", e.Homes)...)
}

func (e Entries) accounts() []string {
	var args []string
	for _, g := range e.Groups {
		args = append(args, "--group", g.Name+":"+strconv.Itoa(g.GID))
	}
	for _, u := range e.Users {
		args = append(args, "--user", strings.Join([]string{u.Name, strconv.Itoa(u.UID), u.Group, u.Comment, u.Home, u.Shell}, ":"))
	}
	return args
}

// Define has flags read into the entries.
func (e *Entries) Define(set *flag.FlagSet) {
	set.Func("group", "", func(word string) error {
		f, id, err := fields(word, 2)
		if err == nil {
			e.Groups = append(e.Groups, Group{Name: f[0], GID: id})
		}
		return err
	})
	set.Func("user", "", func(word string) error {
		f, id, err := fields(word, 6)
		if err == nil {
			e.Users = append(e.Users, User{Name: f[0], UID: id, Group: f[2], Comment: f[3], Home: f[4], Shell: f[5]})
		}
		return err
	})
	set.Var((*List)(&e.Homes), "home", "")
}

// Args are the helper's arguments.
func (c Accounts) Args() []string {
	args := append([]string{AccountsName}, c.accounts()...)
	for _, m := range c.Members {
		args = append(args, "--member", m[0]+":"+m[1])
	}
	return slices.Concat(args, Each("home", c.Homes), Switch("early", c.Early), Operands(c.Source, c.Out))
}

// ParseAccounts reads the arguments after the name.
func ParseAccounts(args []string) (Accounts, error) {
	var c Accounts
	set := Flags(AccountsName)
	c.Define(set)
	set.Func("member", "", func(word string) error {
		group, user, ok := strings.Cut(word, ":")
		if !ok || strings.Contains(user, ":") {
			return errors.New("want GROUP:USER")
		}
		c.Members = append(c.Members, [2]string{group, user})
		return nil
	})
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
