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
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// The files with passwords, which only root reads.
const (
	shadowUsers  = "/etc/shadow"
	shadowGroups = "/etc/gshadow"
)

// A database are the accounts of a call's root.
type database struct{ *noshell.Call }

// rows are the lines of a file in fields. A file that must be there is refused where
// it isn't.
func (d database) rows(file string, must bool) ([][]string, error) {
	text, err := d.Files().Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		if must {
			return nil, noshell.Refuse("there is no %s%s", file, d.Shell.Bringer(file))
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out [][]string
	for l := range strings.Lines(string(text)) {
		out = append(out, strings.Split(strings.TrimSuffix(l, "\n"), ":"))
	}
	return out, nil
}

// find is the line of a name, or of a number.
func (d database) find(file, name string) ([]string, error) {
	rows, err := d.rows(file, true)
	if err != nil {
		return nil, err
	}
	for _, f := range rows {
		if len(f) > 2 && f[0] == name {
			return f, nil
		}
	}
	for _, f := range rows {
		if len(f) > 2 && f[2] == name {
			return f, nil
		}
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
	taken := map[string]bool{}
	for _, file := range files {
		rows, err := d.rows(file, true)
		if err != nil {
			return 0, err
		}
		for _, f := range rows {
			if len(f) > 2 {
				taken[f[2]] = true
			}
		}
	}
	for n := low; n <= high; n++ {
		if !taken[strconv.Itoa(n)] {
			return n, nil
		}
	}
	return 0, fmt.Errorf("no number from %d to %d is free", low, high)
}

// add adds a line to a file. An optional file is left alone where it isn't there.
func (d database) add(file string, must bool, fields ...string) error {
	for _, f := range fields {
		if strings.ContainsAny(f, ":\n") {
			return noshell.Refuse("%q can't be in %s", f, file)
		}
	}
	rows, err := d.rows(file, must)
	if err != nil || rows == nil && !must {
		return err
	}
	return d.write(file, append(rows, fields))
}

func (d database) write(file string, rows [][]string) error {
	var b strings.Builder
	for _, f := range rows {
		b.WriteString(strings.Join(f, ":") + "\n")
	}
	info, err := d.Files().Stat(file, true)
	if err != nil {
		return err
	}
	return d.Files().Write(file, []byte(b.String()), info.Mode().Perm())
}

// member adds a user to a group, in a file of groups that has its members last.
func (d database) member(file, group, user string) error {
	rows, err := d.rows(file, file == rootdir.Groups)
	if err != nil {
		return err
	}
	for _, f := range rows {
		if len(f) != 4 || f[0] != group {
			continue
		}
		members := strings.Split(f[3], ",")
		if f[3] == "" {
			members = nil
		}
		for _, m := range members {
			if m == user {
				return nil
			}
		}
		f[3] = strings.Join(append(members, user), ",")
		return d.write(file, rows)
	}
	return nil
}

// number reads an account's number.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || !unpack.IsOwner(n) {
		return 0, noshell.Refuse("%q can't be an account's number", text)
	}
	return n, nil
}

// A group to add.
type group struct {
	name string
	id   int
	// password is what /etc/group has in its place.
	password string
}

func (d database) addGroup(g group) error {
	if err := d.add(rootdir.Groups, true, g.name, g.password, strconv.Itoa(g.id), ""); err != nil {
		return err
	}
	return d.add(shadowGroups, false, g.name, "!", "", "")
}

// A user to add.
type user struct {
	name, comment, home, shell string
	id, gid                    int
	// aging are the fields of /etc/shadow after the password, from the day of its last
	// change on, which stays empty: it isn't the day of a build.
	aging []string
}

func (d database) addUser(u user) error {
	if err := d.add(rootdir.Users, true, u.name, "x", strconv.Itoa(u.id), strconv.Itoa(u.gid), u.comment, u.home, u.shell); err != nil {
		return err
	}
	return d.add(shadowUsers, false, append([]string{u.name, "!"}, u.aging...)...)
}
