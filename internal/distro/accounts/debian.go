// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package accounts

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/passwd"
)

// Debian are the commands of Debian's packages adduser and passwd.
func Debian() map[string]noshell.Command {
	return map[string]noshell.Command{
		"adduser": adduser, "addgroup": adduser, "groupadd": groupadd, "useradd": useradd, "usermod": usermod,
		"systemd-sysusers": sysusers,
		"pwconv":           pwconv, "grpconv": grpconv, "pwck": nothing, "grpck": nothing,
	}
}

func nothing(*noshell.Call) error { return nil }

// The numbers of system accounts.
const (
	firstSystem = 100
	lastSystem  = 999
)

// adduserOptions are the ones that scripts give. Those for names that are odd allow
// no more than what every name may have here.
const adduserOptions = "system group ingroup: gid: uid: home: no-create-home shell: gecos=comment: comment: disabled-login disabled-password " +
	"quiet q=quiet force-badname allow-badname allow-bad-names allow-all-names firstuid: lastuid: verbose debug"

// adduser makes a system user or group, or adds a user to a group. Other users are
// for people, of whom a script makes none.
func adduser(c *noshell.Call) error {
	d := database{c}
	opt, names, err := c.Options(adduserOptions)
	if err != nil {
		return err
	}
	isGroup := path.Base(c.Args[0]) == "addgroup"
	switch {
	case len(names) == 2 && !isGroup && !opt.Has("system", "group"):
		return d.join(names[0], names[1])
	case len(names) != 1 || !opt.Has("system") && !(isGroup || opt.Has("group")):
		return noshell.Refuse("it isn't followed without --system")
	case isGroup || opt.Has("group") && !opt.Has("system"):
		return d.systemGroup(names[0], opt)
	}
	return d.systemUser(names[0], opt)
}

func (d database) join(name, group string) error {
	for file, n := range map[string]string{rootdir.Users: name, rootdir.Groups: group} {
		if ok, err := d.has(file, n); err != nil || !ok {
			return errors.Join(err, noshell.Refuse("%s isn't in %s", n, file))
		}
	}
	return errors.Join(d.member(rootdir.Groups, group, name), d.member(shadowGroups, group, name))
}

func (d database) systemGroup(name string, opt noshell.Options) error {
	if !opt.Has("system") {
		return noshell.Refuse("it isn't followed without --system")
	}
	there, err := d.find(rootdir.Groups, name)
	if err != nil {
		return err
	}
	if there != nil && there[0] == name {
		if n, err := strconv.Atoi(there[2]); err != nil || opt.Has("gid") && opt.Value("gid") != there[2] || n > lastSystem {
			return noshell.Status(13)
		}
		return nil
	}
	id := 0
	if opt.Has("gid") {
		id, err = number(opt.Value("gid"))
	} else {
		id, err = d.free(firstSystem, lastSystem, rootdir.Groups)
	}
	if err != nil {
		return err
	}
	return d.addGroup(name, id)
}

func (d database) systemUser(name string, opt noshell.Options) error {
	there, err := d.find(rootdir.Users, name)
	if err != nil {
		return err
	}
	if there != nil && there[0] == name {
		if n, err := strconv.Atoi(there[2]); err != nil || opt.Has("uid") && opt.Value("uid") != there[2] || n > lastSystem {
			return noshell.Status(13)
		}
		return nil
	}
	u := passwd.User{Name: name, Home: "/nonexistent", Shell: "/usr/sbin/nologin", Aging: noAging()}
	if u.Comment, err = d.comment(opt); err != nil {
		return err
	}
	if opt.Has("home") {
		u.Home = opt.Value("home")
	}
	if opt.Has("shell") {
		u.Shell = opt.Value("shell")
	}
	if opt.Has("uid") {
		u.ID, err = number(opt.Value("uid"))
	} else {
		u.ID, err = d.free(firstSystem, lastSystem, rootdir.Users)
	}
	if err != nil {
		return err
	}
	if u.GID, err = d.primary(u, opt); err != nil {
		return err
	}
	if err := d.addUser(u); err != nil {
		return err
	}
	if opt.Has("no-create-home") || strings.HasPrefix(path.Clean(u.Home)+"/", "/nonexistent/") {
		return nil
	}
	return d.home(u, 0o755)
}

// comment is what is known of a user's person. Until Debian 12 adduser leaves it to
// chfn, for which it has four parts at least.
func (d database) comment(opt noshell.Options) (string, error) {
	if !opt.Has("comment") {
		return "", nil
	}
	text := opt.Value("comment")
	script, err := d.Files().Read("/usr/sbin/adduser")
	if err != nil {
		return "", err
	}
	if strings.Contains(string(script), "chfn") {
		text += strings.Repeat(",", max(0, 3-strings.Count(text, ",")))
	}
	return text, nil
}

// primary is the number of a system user's group, which it makes if that is asked
// for.
func (d database) primary(u passwd.User, opt noshell.Options) (int, error) {
	name := opt.Value("ingroup") + opt.Value("gid")
	switch {
	case opt.Has("group"):
		name = u.Name
	case name == "":
		name = "nogroup"
	}
	f, err := d.find(rootdir.Groups, name)
	if err != nil {
		return 0, err
	}
	if f != nil {
		return number(f[2])
	}
	if !opt.Has("group") {
		return 0, noshell.Refuse("%s isn't in %s", name, rootdir.Groups)
	}
	id := u.ID
	if !opt.Has("uid") {
		if id, err = d.free(firstSystem, lastSystem, rootdir.Groups); err != nil {
			return 0, err
		}
	}
	return id, d.addGroup(name, id)
}

// home makes a user's directory if it isn't there.
func (d database) home(u passwd.User, mode uint32) error {
	dir := path.Clean("/" + u.Home)
	if _, err := d.Files().Stat(dir, true); err == nil {
		return nil
	}
	at := d.Files().At(dir)
	if !d.Files().Reveal(dir) {
		if err := d.Files().Touched(dir); err != nil {
			return err
		}
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
	}
	return errors.Join(os.Chown(at, u.ID, u.GID), unix.Chmod(at, mode))
}
