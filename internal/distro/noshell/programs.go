// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/interp"
)

// findPrograms is what command -v, type and which do.
func findPrograms(c *Call) error {
	var out []string
	found := true
	for _, name := range c.Args[1:] {
		at := c.program(name)
		if c.Args[0] != "which" && !strings.HasSuffix(c.Args[0], "/which") && interp.IsBuiltin(name) {
			at = name
		}
		if at == "" {
			found = false
			continue
		}
		out = append(out, at)
	}
	if err := c.Print(joined(out)); err != nil {
		return err
	}
	switch {
	case found && len(out) > 0:
		return nil
	case path.Base(c.Args[0]) == "which":
		return Status(1)
	}
	return Status(127)
}

// program is where a program is that a script looks for. What every system of the
// kind has counts as there.
func (c *Call) program(name string) string {
	if strings.Contains(name, "/") {
		if info, err := c.Files().Stat(c.Path(name), true); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return name
		}
		return ""
	}
	if at := c.Shell.lookPath(name); at != "" {
		return at
	}
	if Basic()[name] != nil || slices.Contains(c.Shell.Present, name) {
		return "/usr/bin/" + name
	}
	return ""
}

func which(c *Call) error {
	opt, rest, err := c.Options("a s")
	if err != nil {
		return err
	}
	own := *c
	own.Args = append([]string{"which"}, rest...)
	if opt.Has("s") {
		return refuse("its option -s isn't followed")
	}
	return findPrograms(&own)
}
