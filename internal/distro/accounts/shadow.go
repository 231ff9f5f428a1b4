// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package accounts

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/passwd"
)

// groupadd makes a group.
func groupadd(c *noshell.Call) error {
	d := database{c}
	opt, names, err := c.Options("r system=r g: gid=g: f force=f")
	if err != nil {
		return err
	}
	if len(names) != 1 {
		return noshell.Refuse("it isn't followed")
	}
	there, err := d.has(rootdir.Groups, names[0])
	switch {
	case err != nil:
		return err
	case there && opt.Has("f"):
		return nil
	case there:
		return noshell.Status(9)
	}
	id, err := d.newNumber(opt.Value("g"), opt.Has("r"), rootdir.Groups)
	if err != nil {
		return err
	}
	return d.addGroup(names[0], id)
}

// newNumber is the given number, or a free one. The numbers of system accounts are
// given from the highest on, as those programs do.
func (d database) newNumber(given string, system bool, files ...string) (int, error) {
	if given != "" {
		n, err := number(given)
		if err != nil {
			return 0, err
		}
		_, err = d.free(n, n, files[0])
		return n, err
	}
	if !system {
		return 0, noshell.Refuse("it isn't followed without -r")
	}
	for n := lastSystem; n > firstSystem; n-- {
		if free, err := d.free(n, n, files...); err == nil {
			return free, nil
		} else if refused := new(noshell.Refusal); errors.As(err, &refused) {
			return 0, err
		}
	}
	return d.free(firstSystem, lastSystem, files...)
}

// useradd makes a system user.
func useradd(c *noshell.Call) error {
	d := database{c}
	opt, names, err := c.Options("r system=r u: uid=u: g: gid=g: d: home-dir=d: home=d: s: shell=s: c: comment=c: M no-create-home=M " +
		"U user-group=U N no-user-group=N G: groups=G: m create-home=m")
	if err != nil {
		return err
	}
	if len(names) != 1 || !opt.Has("r") {
		return noshell.Refuse("it isn't followed without -r")
	}
	if there, err := d.has(rootdir.Users, names[0]); err != nil || there {
		return errors.Join(err, noshell.Status(9))
	}
	u := passwd.User{Name: names[0], Comment: opt.Value("c"), Home: opt.Value("d"), Shell: opt.Value("s"), Aging: noAging()}
	if !opt.Has("d") {
		u.Home = "/home/" + u.Name
	}
	if !opt.Has("s") {
		u.Shell = "/bin/sh"
	}
	files := []string{rootdir.Users}
	if !opt.Has("g") && !opt.Has("N") {
		files = append(files, rootdir.Groups)
	}
	if u.ID, err = d.newNumber(opt.Value("u"), true, files...); err != nil {
		return err
	}
	if u.GID, err = d.useraddGroup(u, opt); err != nil {
		return err
	}
	if err := d.addUser(u); err != nil {
		return err
	}
	if opt.Has("G") {
		for g := range strings.SplitSeq(opt.Value("G"), ",") {
			if err := d.join(u.Name, g); err != nil {
				return err
			}
		}
	}
	if opt.Has("m") {
		return noshell.Refuse("a home with files of its own isn't followed")
	}
	return nil
}

// useraddGroup is the number of the group of a new user, which has its name if none
// is given.
func (d database) useraddGroup(u passwd.User, opt noshell.Options) (int, error) {
	name := opt.Value("g")
	if opt.Has("N") && name == "" {
		name = "100"
	}
	if name == "" {
		if there, err := d.has(rootdir.Groups, u.Name); err != nil || there {
			return 0, errors.Join(err, noshell.Status(9))
		}
		return u.ID, d.addGroup(u.Name, u.ID)
	}
	f, err := d.find(rootdir.Groups, name)
	if err != nil {
		return 0, err
	}
	if f == nil {
		return 0, noshell.Status(6)
	}
	return number(f[2])
}

// usermod adds a user to groups.
func usermod(c *noshell.Call) error {
	d := database{c}
	opt, names, err := c.Options("a append=a G: groups=G:")
	if err != nil {
		return err
	}
	if len(names) != 1 || !opt.Has("a") || !opt.Has("G") {
		return noshell.Refuse("it isn't followed")
	}
	for g := range strings.SplitSeq(opt.Value("G"), ",") {
		if err := d.join(names[0], g); err != nil {
			return err
		}
	}
	return nil
}

// pwconv moves passwords to where only root reads them. The day of their last change
// stays empty; see shadow(5).
func pwconv(c *noshell.Call) error {
	return database{c}.hide(rootdir.Users, shadowUsers, func([]string) []string { return passwd.Aging() })
}

func grpconv(c *noshell.Call) error {
	return database{c}.hide(rootdir.Groups, shadowGroups, func(group []string) []string { return []string{"", strings.Join(group[3:], "")} })
}

// hide moves what stands second in a file to a hidden one, with more fields there.
func (d database) hide(file, secret string, more func(entry []string) []string) error {
	open, err := d.read(file)
	if err != nil {
		return err
	}
	hidden, err := d.read(secret)
	if err != nil {
		return err
	}
	if hidden == nil {
		// pwconv makes it for root alone; shadowconfig lets the group shadow read it.
		hidden = &passwd.File{}
		if err := d.Files().Write(secret, nil, 0o600); err != nil {
			return err
		}
	}
	if err := open.Hide(hidden, more); err != nil {
		return err
	}
	if err := errors.Join(d.write(secret, hidden), d.write(file, open)); err != nil {
		return err
	}
	number, err := d.Files().Root.Number(rootdir.Groups, "shadow")
	if gid, convErr := strconv.Atoi(number); err == nil && convErr == nil {
		at := d.Files().At(secret)
		return errors.Join(os.Chown(at, 0, gid), os.Chmod(at, 0o640))
	}
	return err
}
