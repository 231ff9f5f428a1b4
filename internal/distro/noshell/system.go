// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"path"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

func pwd(c *Call) error { return c.Print(c.Dir + "\n") }

// kernel is the version of the kernel that will run the image, which isn't known: one
// that is as old as can be.
const kernel = "6.1.0"

func uname(c *Call) error {
	opt, rest, err := c.Options("s kernel-name=s r kernel-release=r")
	if err != nil {
		return err
	}
	if len(rest) > 0 || len(opt) > 1 {
		return refuse("what it prints is the machine's")
	}
	if opt.Has("r") {
		return c.Print(kernel + "\n")
	}
	return c.Print("Linux\n")
}

// id knows root, who runs all scripts, and the numbers of accounts.
func id(c *Call) error {
	opt, rest, err := c.Options("u user=u g group=g n name=n")
	if err != nil {
		return err
	}
	if len(rest) > 1 || opt.Has("u") == opt.Has("g") && len(rest) == 0 {
		return refuse("it isn't followed")
	}
	name := "root"
	if len(rest) == 1 {
		name = rest[0]
		uid, err := c.number(rootdir.Users, name)
		if err != nil {
			return err
		}
		if uid == "" {
			return Status(1)
		}
		if opt.Has("g") || opt.Has("n") {
			return refuse("it isn't followed")
		}
		return c.Print(uid + "\n")
	}
	if opt.Has("n") {
		return c.Print(name + "\n")
	}
	return c.Print("0\n")
}

// getent looks accounts up.
func getent(c *Call) error {
	if len(c.Args) < 2 || len(c.Args) > 3 {
		return refuse("it isn't followed")
	}
	file := map[string]string{"passwd": rootdir.Users, "group": rootdir.Groups}[c.Args[1]]
	if file == "" {
		return refuse("it isn't followed")
	}
	text, err := c.Files().Read(file)
	if err != nil {
		return refuse("there is no %s%s", file, c.Shell.Bringer(file))
	}
	found := false
	for _, l := range lines(string(text)) {
		f := strings.Split(l, ":")
		if len(f) < 3 || len(c.Args) == 3 && f[0] != c.Args[2] && f[2] != c.Args[2] {
			continue
		}
		found = true
		if err := c.Print(l + "\n"); err != nil {
			return err
		}
		if len(c.Args) == 3 {
			break
		}
	}
	if !found {
		return Status(2)
	}
	return nil
}

// date is the first of all, as the time of what a layer has is none.
func date(c *Call) error {
	opt, rest, err := c.Options("u utc=u R d: date=d:")
	if err != nil {
		return err
	}
	if len(rest) > 0 || opt.Has("R") {
		return refuse("it asks for the time")
	}
	return c.Print(time.Unix(0, 0).UTC().Format("Mon Jan _2 15:04:05 UTC 2006") + "\n")
}

// env runs a command.
func env(c *Call) error {
	args := c.Args[1:]
	if len(args) > 0 && strings.Contains(args[0], "=") && !strings.HasPrefix(args[0], "-") {
		return refuse("it sets variables")
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || path.Base(args[0]) == "env" {
		return refuse("it isn't followed")
	}
	return c.Other(args)
}
