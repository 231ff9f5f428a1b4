// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/inroot"
	"github.com/strata-build/strata/internal/spell"
)

// accounts are the users and groups an image knows.
type accounts struct {
	known  bool
	users  []account
	groups []group
}

type account struct {
	name     string
	uid, gid int
	home     string
}

type group struct {
	name    string
	gid     int
	members []string
}

// readAccounts reads etc/passwd and etc/group of the image mounted at root.
// An image without them has no accounts. A link is followed inside the image.
func readAccounts(root string) (accounts, error) {
	d, err := openRoot(root)
	if err != nil {
		return accounts{}, err
	}
	defer d.close()
	passwd, err := readInside(d, "/etc/passwd")
	if err != nil {
		return accounts{}, err
	}
	groups, err := readInside(d, "/etc/group")
	if err != nil {
		return accounts{}, err
	}
	return parseAccounts(passwd, groups), nil
}

func readInside(root dir, p string) (string, error) {
	at, found, err := inroot.Follow(scanner{root: root}.look, p)
	if errors.Is(err, unix.ENOENT) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", p, err)
	}
	if found != inroot.Other {
		return "", fmt.Errorf("read %s: it isn't a file", p)
	}
	// Not to wait for ever at a fifo: a regular file doesn't mind O_NONBLOCK.
	fd, err := unix.Openat(root.fd, at[1:], unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", p, err)
	}
	f := os.NewFile(uintptr(fd), p)
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", p, err)
	}
	return string(text), nil
}

// parseAccounts skips lines that aren't an entry, as the runtimes do.
func parseAccounts(passwd, groups string) accounts {
	a := accounts{known: true}
	for line := range strings.SplitSeq(passwd, "\n") {
		f := append(strings.Split(strings.TrimSpace(line), ":"), make([]string, 6)...)
		uid, err1 := number(f[2])
		gid, err2 := number(f[3])
		if f[0] == "" || f[0][0] == '#' || err1 != nil || err2 != nil {
			continue
		}
		a.users = append(a.users, account{name: f[0], uid: uid, gid: gid, home: f[5]})
	}
	for line := range strings.SplitSeq(groups, "\n") {
		f := append(strings.Split(strings.TrimSpace(line), ":"), make([]string, 4)...)
		gid, err := number(f[2])
		if f[0] == "" || f[0][0] == '#' || err != nil {
			continue
		}
		a.groups = append(a.groups, group{name: f[0], gid: gid, members: strings.Split(f[3], ",")})
	}
	return a
}

// number reads a user's or group's number as the container runtimes limit it.
func number(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err
}

func (a accounts) userCalled(name string) (account, error) {
	if i := slices.IndexFunc(a.users, func(u account) bool { return u.name == name }); i >= 0 {
		return a.users[i], nil
	}
	var names []string
	for _, u := range a.users {
		names = append(names, u.name)
	}
	return account{}, a.unknown("user", name, "/etc/passwd", names)
}

func (a accounts) groupCalled(name string) (int, error) {
	if i := slices.IndexFunc(a.groups, func(g group) bool { return g.name == name }); i >= 0 {
		return a.groups[i].gid, nil
	}
	var names []string
	for _, g := range a.groups {
		names = append(names, g.name)
	}
	return 0, a.unknown("group", name, "/etc/group", names)
}

func (a accounts) unknown(what, name, file string, names []string) error {
	if !a.known {
		return fmt.Errorf("look up %s %q: no --users given to look it up in; give a number instead", what, name)
	}
	if number, err := strconv.Atoi(name); err == nil {
		return fmt.Errorf("look up %s %d: the number is out of range, want 0 to %d", what, number, 1<<31-1)
	}
	hint := "the image has no " + what + " at all"
	if near := spell.Nearest(name, slices.Values(names)); len(near) > 0 {
		hint = "did you mean " + spell.List(near, "or") + "?"
	} else if len(names) > 0 {
		hint = "it has " + strings.Join(names, ", ")
	}
	return fmt.Errorf("look up %s %q: not in the image's %s; %s", what, name, file, hint)
}
