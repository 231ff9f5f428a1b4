// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/maintscript"
)

// errUnknownCall says that it isn't known what a command does.
var errUnknownCall = errors.New(unknownCall)

// isIdle reports whether a command has no effect on an image that nothing runs in
// while it is made: it looks at something, starts or enables a service, or makes
// a cache that a program can do without.
func isIdle(c maintscript.Call) bool {
	if len(c.Args) == 0 || !c.Known[0] {
		return false
	}
	switch c.Args[0] {
	case "which", "type", "getent", "id", "dpkg-query", "readlink", "grep", "cut", "tr", "basename", "dirname", "cat", "stat", "uname",
		"head", "tail", "wc", "ischroot", "seq", "md5sum":
		return true
	case "command", "sort":
		return onlyLooks(c)
	case "sed":
		return onlyPrints(c.Args[1:])
	case "dpkg":
		return len(c.Args) > 1 && slices.Contains([]string{"--compare-versions", "--print-architecture", "--validate-version"}, c.Args[1])
	case "dpkg-trigger":
		return slices.Contains(c.Args, "ldconfig")
	case ".":
		return len(c.Args) == 2 && c.Args[1] == "/usr/share/debconf/confmodule"
	}
	return isLeftOut(c)
}

// isLeftOut reports whether a command would change something that an image does
// without while it is made. It counts as done.
func isLeftOut(c maintscript.Call) bool {
	switch c.Args[0] {
	case "dpkg-maintscript-helper", "deb-systemd-helper", "deb-systemd-invoke", "invoke-rc.d", "update-rc.d", "systemctl",
		"ldconfig", "py3compile", "pycompile", "restorecon":
		return true
	}
	return false
}

// do does what a command would, and reports whether it succeeds.
func (a *assembler) do(c maintscript.Call) maintscript.Truth {
	args := c.Args[1:]
	switch c.Args[0] {
	case "command", "which":
		if !onlyLooks(c) {
			a.problem("%s (line %d): %v", c.Text, c.Line, errUnknownCall)
			return maintscript.Unknown
		}
		return findsProgram(c, a.test)
	case "getent":
		return a.findsAccount(c)
	case "dpkg":
		return comparesNothing(args)
	}
	if isIdle(c) {
		return a.looks(c)
	}
	if len(c.Args) == 3 && c.Args[0][0] == '>' && !c.Known[2] {
		a.problem("what goes to %s (line %d) isn't known", c.Text, c.Line)
		return maintscript.Unknown
	}
	err := errUnknownCall
	if emulate := emulations()[c.Args[0]]; emulate != nil && c.AllKnown() {
		err = emulate(a, args)
	}
	if err != nil {
		a.problem("%s (line %d): %v", c.Text, c.Line, err)
		return maintscript.Unknown
	}
	return maintscript.True
}

// looks reports whether a command succeeds that only looks at something, or is left
// out.
func (a *assembler) looks(c maintscript.Call) maintscript.Truth {
	switch c.Args[0] {
	case "uname", "basename", "dirname", "seq", "dpkg-trigger":
		return maintscript.True
	case "cat", "head", "tail", "stat", "md5sum":
		return a.allThere(c)
	case ".":
		return a.test("-f", c.Args[1])
	}
	if isLeftOut(c) {
		return maintscript.True
	}
	return maintscript.Unknown
}

// allThere reports whether all arguments are files, which a command reads.
func (a *assembler) allThere(c maintscript.Call) maintscript.Truth {
	for i, arg := range c.Args[1:] {
		if !c.Known[i+1] || a.test("-f", arg) != maintscript.True {
			return maintscript.Unknown
		}
	}
	return maintscript.True
}

// emulations are the commands that can be done without a program.
func emulations() map[string]func(*assembler, []string) error {
	return map[string]func(*assembler, []string) error{
		">": (*assembler).output, ">>": (*assembler).addOutput, "mkdir": (*assembler).mkdir, "chmod": (*assembler).chmod, "chown": (*assembler).chown, "chgrp": (*assembler).chgrp,
		"ln": (*assembler).ln, "cp": (*assembler).cp, "rm": (*assembler).rm, "rmdir": (*assembler).rmdir, "touch": (*assembler).touch,
		"update-alternatives": (*assembler).alternatives,
	}
}

// test answers test(1) for the image as it is.
func (a *assembler) test(op, file string) maintscript.Truth {
	if !strings.HasPrefix(file, "/") {
		return maintscript.Unknown
	}
	return (&scripts{base: &base{root: string(a.root)}}).test(op, file)
}

// findsProgram reports whether what a command looks for is a program, given what test(1) says.
func findsProgram(c maintscript.Call, test func(op, file string) maintscript.Truth) maintscript.Truth {
	names := slices.DeleteFunc(slices.Clone(c.Args[1:]), func(a string) bool { return a == "-v" || a == "-V" || a == "-s" })
	if !c.AllKnown() || len(names) != 1 || names[0] == "" || strings.Contains(names[0], "/") {
		return maintscript.Unknown
	}
	answer := maintscript.False
	for _, dir := range programDirs() {
		switch test("-x", path.Join(dir, names[0])) {
		case maintscript.True:
			return maintscript.True
		case maintscript.Unknown:
			answer = maintscript.Unknown
		}
	}
	return answer
}

func (a *assembler) findsAccount(c maintscript.Call) maintscript.Truth {
	if !c.AllKnown() || len(c.Args) != 3 || c.Args[1] != "passwd" && c.Args[1] != "group" {
		return maintscript.Unknown
	}
	if _, err := strconv.Atoi(c.Args[2]); err == nil { // it is looked up by its number
		return maintscript.Unknown
	}
	id, err := a.root.Number("/etc/"+c.Args[1], c.Args[2])
	switch {
	case err != nil:
		return maintscript.Unknown
	case id == "":
		return maintscript.False
	}
	return maintscript.True
}

// comparesNothing follows dpkg --compare-versions where there was no version
// before, which is earlier than any, but for the relations that end in -nl.
func comparesNothing(args []string) maintscript.Truth {
	if len(args) != 4 || args[0] != "--compare-versions" || args[1] != "" || args[3] == "" {
		return maintscript.Unknown
	}
	switch args[2] {
	case "lt", "le", "ne", "<<", "<=", "<", "gt-nl", "ge-nl":
		return maintscript.True
	case "gt", "ge", "eq", ">>", ">=", ">", "=", "lt-nl", "le-nl":
		return maintscript.False
	}
	return maintscript.Unknown
}

// operands splits arguments into single-letter flags, of which only some are
// allowed, and the rest.
func operands(args []string, allowed string) (flags string, rest []string, err error) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return flags, append(rest, args[i+1:]...), nil
		case len(arg) > 1 && arg[0] == '-':
			if strings.Trim(arg[1:], allowed) != "" {
				return "", nil, fmt.Errorf("its option %s isn't known", arg)
			}
			flags += arg[1:]
		default:
			rest = append(rest, arg)
		}
	}
	for _, p := range rest {
		if strings.Contains(p, "\x00") {
			return "", nil, errUnknownCall
		}
	}
	return flags, rest, nil
}

// absolute wants all paths to be so.
func absolute(paths ...string) error {
	for _, p := range paths {
		if !strings.HasPrefix(p, "/") {
			return fmt.Errorf("%s isn't an absolute path", p)
		}
	}
	return nil
}
