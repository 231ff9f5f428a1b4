// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package accounts

import (
	"errors"
	"fmt"
	"math"

	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/passwd"
)

// Busybox are the commands of busybox as Alpine has it.
func Busybox() map[string]noshell.Command {
	return map[string]noshell.Command{"adduser": busyboxAdduser, "addgroup": busyboxAddgroup}
}

// busyboxAddgroup makes a group, or adds a user to one.
func busyboxAddgroup(c *noshell.Call) error {
	d := database{c}
	opt, names, err := c.Options("g: gid=g: S system=S")
	if err != nil {
		return err
	}
	if len(names) == 2 {
		for file, name := range map[string]string{rootdir.Users: names[0], rootdir.Groups: names[1]} {
			if ok, err := d.has(file, name); err != nil || !ok {
				return errors.Join(err, noshell.Status(1))
			}
		}
		return d.member(rootdir.Groups, names[1], names[0])
	}
	if len(names) != 1 {
		return noshell.Refuse("it isn't followed")
	}
	if there, err := d.has(rootdir.Groups, names[0]); err != nil || there {
		return errors.Join(err, inUse("group", names[0]))
	}
	id := 0
	if opt.Has("g") {
		if id, err = number(opt.Value("g")); err != nil {
			return err
		}
		if _, err = d.free(id, id, rootdir.Groups); err != nil {
			return inUse("gid", opt.Value("g"))
		}
	} else {
		low, high := systemRange(opt.Has("S"))
		if id, err = d.free(low, high, rootdir.Groups); err != nil {
			return err
		}
	}
	return d.addGroup(names[0], id)
}

// systemRange are the numbers among which one is looked for.
func systemRange(system bool) (low, high int) {
	if system {
		return firstSystem, lastSystem
	}
	return lastSystem + 1, math.MaxInt32
}

func inUse(what, name string) error { return fmt.Errorf("%s '%s' in use", what, name) }

// busyboxAdduser makes a user, without a password.
func busyboxAdduser(c *noshell.Call) error {
	d := database{c}
	opt, names, err := c.Options("h: home=h: g: gecos=g: s: shell=s: G: ingroup=G: S system=S D disabled-password=D H no-create-home=H u: uid=u: k:")
	if err != nil {
		return err
	}
	if len(names) == 2 {
		return busyboxAddgroup(c)
	}
	if len(names) != 1 || opt.Has("k") || !opt.Has("S", "D") {
		return noshell.Refuse("it isn't followed")
	}
	if there, err := d.has(rootdir.Users, names[0]); err != nil || there {
		return errors.Join(err, inUse("user", names[0]))
	}
	u := passwd.User{Name: names[0], Comment: "Linux User,,,", Home: "/home/" + names[0], Shell: "/bin/sh", GID: -1}
	if opt.Has("S") {
		u.Shell = "/sbin/nologin"
	}
	for name, field := range map[string]*string{"g": &u.Comment, "h": &u.Home, "s": &u.Shell} {
		if opt.Has(name) {
			*field = opt.Value(name)
		}
	}
	in := opt.Value("G")
	if in == "" && opt.Has("S") {
		in = "nogroup"
	}
	if err := d.busyboxNumbers(&u, in, opt); err != nil {
		return err
	}
	if err := d.addUser(u); err != nil {
		return err
	}
	if in == "" {
		err = d.addGroup(u.Name, u.GID)
	} else {
		err = d.member(rootdir.Groups, in, u.Name)
	}
	if err != nil || opt.Has("H") {
		return err
	}
	return d.home(u, 0o2755)
}

// busyboxNumbers gives a user its numbers; in is its group, or empty for one of its
// own.
func (d database) busyboxNumbers(u *passwd.User, in string, opt noshell.Options) (err error) {
	files := []string{rootdir.Users}
	if in == "" {
		files = append(files, rootdir.Groups)
	} else {
		f, err := d.find(rootdir.Groups, in)
		if err != nil {
			return err
		}
		if f == nil {
			return fmt.Errorf("unknown group %s", in)
		}
		if u.GID, err = number(f[2]); err != nil {
			return err
		}
	}
	if opt.Has("u") {
		if u.ID, err = number(opt.Value("u")); err != nil {
			return err
		}
		if _, err := d.free(u.ID, u.ID, rootdir.Users); err != nil {
			return inUse("uid", opt.Value("u"))
		}
	} else {
		low, high := systemRange(opt.Has("S"))
		if u.ID, err = d.free(low, high, files...); err != nil {
			return err
		}
	}
	if u.GID < 0 {
		u.GID = u.ID
	}
	return nil
}
