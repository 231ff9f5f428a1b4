// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package accounts

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/google/shlex"

	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/passwd"
)

// sysusersDirs are where systemd-sysusers looks for its files: one hides those of its name
// in the directories after it; see sysusers.d(5).
func sysusersDirs() []string {
	return []string{"/etc/sysusers.d", "/run/sysusers.d", "/usr/local/lib/sysusers.d", "/usr/lib/sysusers.d"}
}

// sysusers makes users and groups as systemd-sysusers does: of the given files, or of all.
func sysusers(c *noshell.Call) error {
	d := database{c}
	opt, files, err := c.Options("root:")
	if err != nil {
		return err
	}
	if strings.Trim(opt.Value("root"), "/") != "" {
		return noshell.Refuse("it isn't followed in another root")
	}
	if len(files) == 0 {
		if files, err = d.sysusersFiles(); err != nil {
			return err
		}
	}
	var wanted sysAccounts
	for _, file := range files {
		if err := d.readSysusers(file, &wanted); err != nil {
			return err
		}
	}
	return d.makeSysusers(&wanted)
}

// sysAccount is a user or a group that a line asks for. Its number, or that of its group,
// is a number, a name or empty.
type sysAccount struct{ name, id, group, comment, home, shell string }

// sysAccounts are those of all lines, each name once, and who is a member of which group.
type sysAccounts struct {
	users, groups []sysAccount
	members       [][2]string
}

// add adds an account unless one of its name is there, which was asked for earlier.
func add(to *[]sysAccount, one sysAccount) {
	if !slices.ContainsFunc(*to, func(a sysAccount) bool { return a.name == one.name }) {
		*to = append(*to, one)
	}
}

// sysusersFiles are all files, by their names.
func (d database) sysusersFiles() ([]string, error) {
	var names []string
	for _, dir := range sysusersDirs() {
		entries, err := d.Files().ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".conf") {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// readSysusers reads a file, by its path or its name.
func (d database) readSysusers(file string, into *sysAccounts) error {
	places := []string{file}
	if !strings.Contains(file, "/") {
		places = nil
		for _, dir := range sysusersDirs() {
			places = append(places, path.Join(dir, file))
		}
	}
	for _, place := range places {
		text, err := d.Files().Read(place)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if err := into.parse(strings.TrimSpace(line)); err != nil {
				return err
			}
		}
		return nil
	}
	return noshell.Refuse("there is no %s", file)
}

// parse adds what a line asks for.
func (a *sysAccounts) parse(line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	fields, err := shlex.Split(line)
	if err != nil || len(fields) < 2 || len(fields) > 6 || strings.Contains(line, "%") {
		return noshell.Refuse("the line %.60q isn't followed", line)
	}
	for i, f := range fields {
		if f == "-" {
			fields[i] = ""
		}
	}
	fields = append(fields, make([]string, 6-len(fields))...)
	one := sysAccount{name: fields[1], id: fields[2], comment: fields[3], home: fields[4], shell: fields[5]}
	switch kind := strings.TrimSuffix(fields[0], "!"); {
	case strings.HasPrefix(one.id, "/"):
		return noshell.Refuse("the line %.60q isn't followed", line)
	case kind == "u":
		one.id, one.group, _ = strings.Cut(one.id, ":")
		add(&a.users, one)
	case fields[0] == "g":
		add(&a.groups, one)
	case fields[0] == "m" && one.id != "":
		a.members = append(a.members, [2]string{one.id, one.name})
	default:
		return noshell.Refuse("the line %.60q isn't followed", line)
	}
	return nil
}

// makeSysusers makes groups, then users, each after a group of its own, and enters members.
// Those that no line is about but that of the member come last.
func (d database) makeSysusers(wanted *sysAccounts) error {
	for _, m := range wanted.members {
		add(&wanted.groups, sysAccount{name: m[0]})
		add(&wanted.users, sysAccount{name: m[1]})
	}
	for _, g := range wanted.groups {
		if _, err := d.sysGroup(g.name, g.id); err != nil {
			return err
		}
	}
	for _, u := range wanted.users {
		if err := d.sysUser(u); err != nil {
			return err
		}
	}
	for _, m := range wanted.members {
		if err := errors.Join(d.member(rootdir.Groups, m[0], m[1]), d.member(shadowGroups, m[0], m[1])); err != nil {
			return err
		}
	}
	return nil
}

// sysGroup makes a group that isn't there, with a number if that is free.
func (d database) sysGroup(name, wanted string) (id int, err error) {
	there, err := d.find(rootdir.Groups, name)
	if err != nil || there != nil {
		return idOf(there), err
	}
	if id, err = d.sysNumber(name, rootdir.Groups, wanted); err != nil {
		return 0, err
	}
	return id, d.add(rootdir.Groups, shadowGroups, func(open, hidden *passwd.File) error {
		if err := open.Add(name, "x", strconv.Itoa(id), ""); err != nil || hidden == nil {
			return err
		}
		return hidden.Add(name, sysLocked, "", "")
	})
}

// sysLocked is the password of accounts that systemd-sysusers makes.
const sysLocked = "!*"

// sysUser makes a user that isn't there.
func (d database) sysUser(u sysAccount) (err error) {
	if there, err := d.has(rootdir.Users, u.name); err != nil || there {
		return err
	}
	user := passwd.User{Name: u.name, Comment: u.comment, Home: cmp.Or(u.home, "/"), Shell: cmp.Or(u.shell, "/usr/sbin/nologin"), Password: sysLocked, Aging: noAging()}
	if u.group == "" {
		user.GID, err = d.sysGroup(u.name, u.id)
	} else {
		var group []string
		group, err = d.find(rootdir.Groups, u.group)
		user.GID = idOf(group)
		if err == nil && group == nil {
			err = noshell.Refuse("%s isn't in %s", u.group, rootdir.Groups)
		}
	}
	if err != nil {
		return err
	}
	candidates := []string{u.id}
	if u.group == "" {
		candidates = append(candidates, strconv.Itoa(user.GID))
	}
	if user.ID, err = d.sysNumber(u.name, rootdir.Users, candidates...); err != nil {
		return err
	}
	return d.addUser(user)
}

// sysNumber is the first of the wanted numbers that is free, or the highest one that no
// user and no group has.
func (d database) sysNumber(name, file string, wanted ...string) (int, error) {
	other := map[string]string{rootdir.Users: rootdir.Groups, rootdir.Groups: rootdir.Users}[file]
	for _, text := range wanted {
		if text == "" {
			continue
		}
		id, err := number(text)
		if err != nil {
			return 0, err
		}
		own, err := d.find(file, text)
		if err != nil {
			return 0, err
		}
		beside, err := d.find(other, text)
		if err != nil {
			return 0, err
		}
		if own == nil && (beside == nil || beside[0] == name) {
			return id, nil
		}
	}
	for id := lastSystem; id > 0; id-- {
		if free, err := d.free(id, id, rootdir.Users, rootdir.Groups); err == nil {
			return free, nil
		} else if refused := new(noshell.Refusal); errors.As(err, &refused) {
			return 0, err
		}
	}
	return 0, noshell.Refuse("no number is free")
}

// idOf is the number of an entry; 0 for none.
func idOf(entry []string) int {
	if len(entry) < 3 {
		return 0
	}
	id, _ := strconv.Atoi(entry[2])
	return id
}
