// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// User is a user that the image has.
type User struct {
	Range Range
	Name  String
	// UID is the number; when not set, the next one that no other user of the target has.
	UID String
	// Group is the primary group, a name or a number; when not set, a group of the user's
	// own name and number.
	Group String
	// Groups are further groups that the user is a member of.
	Groups []String
	// Home is the home directory; when not set, /home/NAME, and none for a system user.
	Home    String
	Shell   String
	Comment String
	System  bool
}

// Group is a group that the image has.
type Group struct {
	Range Range
	Name  String
	// GID is the number; when not set, the next one that no other group of the target has.
	GID     String
	Members []String
	System  bool
}

// userKind is a map, or the name alone.
func userKind() kind[User] {
	return or(userObject().kind(), text(valid(ParseAccount)), likeText(), func(c cursor, name String) User {
		return User{Range: c.span, Name: name}
	})
}

func userObject() object[User] {
	name, id, field := text(valid(ParseAccount)), accountNumber(), text(checkField)
	group := text(func(text string) error { return valid(ParseGroup)(text) })
	return object[User]{
		want:    "a name or a map",
		span:    func(u *User) *Range { return &u.Range },
		instead: asUser,
		keys: []key[User]{
			bind("name", "The user's name.", name, func(u *User) *String { return &u.Name }).must(),
			bind("uid", "The user's number; from 1000 on when left out, from 499 downwards for a system user.", id, func(u *User) *String { return &u.UID }),
			bind("group", "The primary group, a name or a number; one of the user's own name and number when left out.", group, func(u *User) *String { return &u.Group }),
			bind("groups", "Further groups of the user.", list(group), func(u *User) *[]String { return &u.Groups }),
			bind("home", "The home directory, which is made; /home/NAME when left out, and none for a system user.", absolute(checkField), func(u *User) *String { return &u.Home }),
			bind("shell", "The login shell; /bin/sh when left out, /sbin/nologin for a system user.", absolute(checkField), func(u *User) *String { return &u.Shell }),
			bind("comment", "The user's full name, or what it is for.", field, func(u *User) *String { return &u.Comment }),
			bind("system", "Whether it is a user for a service, without a home directory and a shell.", boolean(), func(u *User) *bool { return &u.System }),
		},
	}
}

// groupKind is a map, or the name alone.
func groupKind() kind[Group] {
	return or(groupObject().kind(), text(valid(ParseAccount)), likeText(), func(c cursor, name String) Group {
		return Group{Range: c.span, Name: name}
	})
}

func groupObject() object[Group] {
	name := text(valid(ParseAccount))
	return object[Group]{
		want:    "a name or a map",
		span:    func(g *Group) *Range { return &g.Range },
		instead: asGroup,
		keys: []key[Group]{
			bind("name", "The group's name.", name, func(g *Group) *String { return &g.Name }).must(),
			bind("gid", "The group's number; from 1000 on when left out, from 499 downwards for a system group.", accountNumber(), func(g *Group) *String { return &g.GID }),
			bind("members", "Users that are members.", list(name), func(g *Group) *[]String { return &g.Members }),
			bind("system", "Whether its number is that of a system group.", boolean(), func(g *Group) *bool { return &g.System }),
		},
	}
}

// ParseAccount reads the name of a user or a group.
func ParseAccount(text string) (string, error) {
	switch {
	case text == "":
		return "", fmt.Errorf("the name is empty")
	case text == KeepOwner:
		return "", fmt.Errorf("%q can't be a name here: as an owner it leaves owners as they are", text)
	case len(text) > 32, isDigits(text), strings.ContainsAny(text[:1], "-.0123456789"), !isWord(strings.TrimSuffix(text, "$"), "._-"):
		return "", fmt.Errorf("%.40q can't be a name; want at most 32 letters, digits, _, . and -, with a letter or _ first", text)
	}
	return text, nil
}

// ParseID reads the number of a user or a group.
func ParseID(text string) (int, error) {
	if id, group, both := strings.Cut(text, ":"); both && isDigits(id) {
		return 0, fmt.Errorf("%.40q is more than one number; write %s here, and %s as the group", text, id, group)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !isDigits(text) || n > math.MaxInt32-1 {
		return 0, fmt.Errorf("%.40q is not a number from 0 to %d", text, math.MaxInt32-1)
	}
	return int(n), nil
}

// ParseGroup reads the name or the number of a group.
func ParseGroup(text string) (string, error) {
	if isDigits(text) {
		_, err := ParseID(text)
		return text, err
	}
	return ParseAccount(text)
}

// checkField accepts what a line of /etc/passwd can hold.
func checkField(text string) error {
	if strings.ContainsAny(text, ":\n\r\x00") {
		return fmt.Errorf("%.40q can't stand in /etc/passwd: it has a colon or a line break", text)
	}
	return nil
}
