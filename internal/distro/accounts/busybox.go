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
	return d.addGroup(group{name: names[0], id: id, password: "x"})
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
	u := user{name: names[0], comment: "Linux User,,,", home: "/home/" + names[0], shell: "/bin/sh", gid: -1, aging: []string{"", "0", "99999", "7", "", "", ""}}
	if opt.Has("S") {
		u.shell = "/sbin/nologin"
	}
	for name, field := range map[string]*string{"g": &u.comment, "h": &u.home, "s": &u.shell} {
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
		err = d.addGroup(group{name: u.name, id: u.gid, password: "x"})
	} else {
		err = d.member(rootdir.Groups, in, u.name)
	}
	if err != nil || opt.Has("H") {
		return err
	}
	return d.home(u, 0o2755)
}

// busyboxNumbers gives a user its numbers; in is its group, or empty for one of its
// own.
func (d database) busyboxNumbers(u *user, in string, opt noshell.Options) (err error) {
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
		if u.gid, err = number(f[2]); err != nil {
			return err
		}
	}
	if opt.Has("u") {
		if u.id, err = number(opt.Value("u")); err != nil {
			return err
		}
		if _, err := d.free(u.id, u.id, rootdir.Users); err != nil {
			return inUse("uid", opt.Value("u"))
		}
	} else {
		low, high := systemRange(opt.Has("S"))
		if u.id, err = d.free(low, high, files...); err != nil {
			return err
		}
	}
	if u.gid < 0 {
		u.gid = u.id
	}
	return nil
}
