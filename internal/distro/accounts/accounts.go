// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package accounts changes the users and groups of a root, as the programs do that
// maintainer scripts run: Debian's adduser and passwd, and busybox.
package accounts

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
	"github.com/strata-build/strata/internal/passwd"
)

// The files with passwords, which only root reads.
const (
	shadowUsers  = "/etc/shadow"
	shadowGroups = "/etc/gshadow"
)

// A database are the accounts of a call's root.
type database struct{ *noshell.Call }

// read is one of the files; nil where it isn't there. A file that must be there is
// refused then.
func (d database) read(file string) (*passwd.File, error) {
	text, err := d.Files().Read(file)
	switch {
	case err == nil:
		return passwd.Parse(text), nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case file == rootdir.Users || file == rootdir.Groups:
		return nil, noshell.Refuse("there is no %s%s", file, d.Shell.Bringer(file))
	}
	return nil, nil //nolint:nilnil // passwords need not be in files of their own
}

// find is the entry of a name, or of a number.
func (d database) find(file, name string) ([]string, error) {
	f, err := d.read(file)
	if err != nil {
		return nil, err
	}
	if e := f.Named(name); e != nil {
		return e, nil
	}
	if id, err := strconv.Atoi(name); err == nil && strconv.Itoa(id) == name {
		return f.Numbered(id), nil
	}
	return nil, nil
}

// has reports whether a name is in a file.
func (d database) has(file, name string) (bool, error) {
	f, err := d.find(file, name)
	return f != nil && f[0] == name, err
}

// free is the first number from low to high that is in none of the files.
func (d database) free(low, high int, files ...string) (int, error) {
	var all []*passwd.File
	for _, file := range files {
		f, err := d.read(file)
		if err != nil {
			return 0, err
		}
		all = append(all, f)
	}
	for n := low; n <= high; n++ {
		if !slices.ContainsFunc(all, func(f *passwd.File) bool { return f.Numbered(n) != nil }) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("no number from %d to %d is free", low, high)
}

func (d database) write(file string, f *passwd.File) error {
	if f == nil {
		return nil
	}
	info, err := d.Files().Stat(file, true)
	if err != nil {
		return err
	}
	return d.Files().Write(file, f.Bytes(), info.Mode().Perm())
}

// member adds a user to a group, in one of the files of groups.
func (d database) member(file, group, user string) error {
	f, err := d.read(file)
	if err != nil || f == nil || !f.AddMember(group, user) {
		return err
	}
	return d.write(file, f)
}

// number reads an account's number.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || !unpack.IsOwner(n) {
		return 0, noshell.Refuse("%q can't be an account's number", text)
	}
	return n, nil
}

func (d database) addGroup(name string, id int) error {
	return d.add(rootdir.Groups, shadowGroups, func(open, hidden *passwd.File) error {
		return (&passwd.Accounts{Groups: open, GroupShadow: hidden}).AddGroup(name, id)
	})
}

func (d database) addUser(u passwd.User) error {
	return d.add(rootdir.Users, shadowUsers, func(open, hidden *passwd.File) error {
		return (&passwd.Accounts{Users: open, Shadow: hidden}).AddUser(u)
	})
}

// add adds an entry to a file, and to the one with passwords if that is there.
func (d database) add(file, secret string, entry func(open, hidden *passwd.File) error) error {
	open, err := d.read(file)
	if err != nil {
		return err
	}
	hidden, err := d.read(secret)
	if err != nil {
		return err
	}
	if err := entry(open, hidden); err != nil {
		return noshell.Refuse("%s: %v", file, err)
	}
	return errors.Join(d.write(file, open), d.write(secret, hidden))
}

// noAging are the fields that Debian's programs give the password of a system user.
func noAging() []string { return make([]string, 7) }
