// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "strings"

// What Debian's base-passwd enters in a root without accounts: names with the numbers of
// users and of their groups, and names with the numbers of groups.
const (
	debianUsers = `root:0:0 daemon:1:1 bin:2:2 sys:3:3 sync:4:65534 games:5:60 man:6:12 lp:7:7 mail:8:8 news:9:9 uucp:10:10 proxy:13:13
		www-data:33:33 backup:34:34 list:38:38 irc:39:39 _apt:42:65534 nobody:65534:65534`
	debianGroups = `root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13 kmem:15 dialout:20 fax:21
		voice:22 cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30 www-data:33 backup:34 operator:37 list:38 irc:39 src:40 shadow:42 utmp:43
		video:44 sasl:45 plugdev:46 staff:50 games:60 users:100 nogroup:65534`
)

// BesideBasePasswd has a definition's accounts agree with those of base-passwd, which is
// installed before them: a user that is there with its number has the group that it has
// there. What can't be beside them is a doubt.
func BesideBasePasswd(m *Map, users, groups []Account) {
	for i := range users {
		u := &users[i]
		name, has := accountOf(debianUsers, u.Name, u.UID)
		if name == "" || u.UID == "" {
			continue
		}
		uid, gid, _ := strings.Cut(has, ":")
		switch {
		case name != u.Name || uid != u.UID:
			m.Doubt("users", "base-passwd has a user %s with the number %s, beside which %s with %s isn't entered: give it a name and a number of its own", name, uid, u.Name, u.UID)
		case gid != u.GID && u.GID != "":
			m.Changed("users", "%s has the group %s, which base-passwd gives it, and not %s", u.Name, gid, u.GID)
			u.GID = gid
		}
	}
	for _, g := range groups {
		if name, gid := accountOf(debianGroups, g.Name, g.GID); name != "" && g.GID != "" && (name != g.Name || gid != g.GID) {
			m.Doubt("groups", "base-passwd has a group %s with the number %s, beside which %s with %s isn't entered: give it a name and a number of its own", name, gid, g.Name, g.GID)
		}
	}
}

// accountOf is the account of a list that has a name, or else a number, with its numbers.
func accountOf(list, name, number string) (found, numbers string) {
	for account := range strings.FieldsSeq(list) {
		n, rest, _ := strings.Cut(account, ":")
		if id, _, _ := strings.Cut(rest, ":"); n == name || id == number && found == "" {
			found, numbers = n, rest
		}
		if n == name {
			break
		}
	}
	return found, numbers
}
