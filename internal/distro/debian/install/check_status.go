// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/maintscript"
)

// A preinst is a script for before unpacking that is followed.
type preinst struct {
	*scripts
	// changed is a file that it looks for and that unpacking brings, or whose name isn't
	// known.
	changed string
}

// test answers test(1) as it is before unpacking.
func (p *preinst) test(op, file string) maintscript.Truth {
	if at := p.at(file); at == "" || p.brought[at] {
		p.changed = "a file whose name isn't known"
		if file != "" {
			p.changed = file
		}
	}
	return p.scripts.test(op, file)
}

// do reports whether a command succeeds before unpacking, where that is certain.
func (p *preinst) do(c maintscript.Call) maintscript.Truth {
	if !c.AllKnown() {
		return maintscript.Unknown
	}
	args := c.Args[1:]
	switch c.Args[0] {
	case "command", "which":
		if onlyLooks(c) && !p.mayBring(c) {
			return findsProgram(c, p.scripts.test)
		}
	case "dpkg":
		return comparesNothing(args)
	case "rm":
		if flags, paths, err := operands(args, "frRv"); err == nil && strings.Contains(flags, "f") && len(paths) > 0 {
			return maintscript.True // absent sees to it that nothing is there
		}
	case "dpkg-maintscript-helper":
		// It does nothing without an older version.
		if i := slices.Index(args, "--"); i > 1 && slices.Equal(args[i+1:], []string{"install"}) && slices.Contains(helperCommands(), args[0]) {
			return maintscript.True
		}
		if len(args) == 2 && args[0] == "supports" && slices.Contains(helperCommands(), args[1]) {
			return maintscript.True
		}
	}
	return maintscript.Unknown
}

// helperCommands are what dpkg-maintscript-helper can do.
func helperCommands() []string {
	return []string{"rm_conffile", "mv_conffile", "symlink_to_dir", "dir_to_symlink"}
}

// programDirs are where maintainer scripts find programs.
func programDirs() []string {
	return []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"}
}

// mayBring reports whether unpacking may bring one of the programs that a command
// looks for.
func (p *preinst) mayBring(c maintscript.Call) bool {
	for i, name := range c.Args[1:] {
		if !c.Known[i+1] || strings.Contains(name, "/") {
			return true
		}
		for _, dir := range programDirs() {
			if p.brought[path.Join(dir, name)] {
				return true
			}
		}
	}
	return false
}

// mayChange says why a script of which it isn't known whether it succeeds may do so
// after unpacking and not before, or the other way round.
func (p *preinst) mayChange(course maintscript.Course) (why string) {
	end := "it isn't known whether it succeeds"
	switch {
	case course.Succeeds == maintscript.False && course.Code != 0:
		return fmt.Sprintf("it fails with status %d (line %d of the script)", course.Code, course.Line)
	case course.Succeeds == maintscript.False:
		return fmt.Sprintf("it fails (line %d of the script)", course.Line)
	case course.Line != 0:
		end = fmt.Sprintf("it isn't known whether it fails (line %d of the script)", course.Line)
	}
	if p.changed != "" {
		return fmt.Sprintf("%s, and it looks at %s, which is there only after unpacking", end, p.changed)
	}
	if course.Moved {
		return end + ", and it changes its directory or where it looks for programs"
	}
	for _, c := range course.Calls {
		if p.readsBrought(c) {
			return fmt.Sprintf("%s, and what %s (line %d) says may be different after unpacking", end, c.Text, c.Line)
		}
	}
	return ""
}

// readsBrought reports whether a command may see what unpacking brings, be it only its
// own program.
func (p *preinst) readsBrought(c maintscript.Call) bool {
	switch c.Args[0] {
	case "command", "which", "type":
		return p.mayBring(c)
	}
	own := c
	own.Args, own.Known = []string{"", c.Args[0]}, []bool{true, true}
	if p.mayBring(own) {
		return true
	}
	for i, arg := range c.Args[1:] {
		if !c.Known[i+1] {
			return true
		}
		if at := p.at(path.Join("/", arg)); at != "/" && p.brought[at] {
			return true
		}
	}
	return false
}

// onlyLooks reports whether "command" only looks for programs, and sort writes no file.
func onlyLooks(c maintscript.Call) bool {
	if c.Args[0] == "command" {
		return len(c.Args) > 1 && c.Known[1] && (c.Args[1] == "-v" || c.Args[1] == "-V")
	}
	return !slices.ContainsFunc(c.Args[1:], func(a string) bool {
		return a == "" || strings.HasPrefix(a, "-") && (strings.Contains(a, "o") || strings.HasPrefix(a, "--"))
	})
}

// onlyPrints reports whether sed changes and writes no file, given its arguments. What
// isn't known for certain counts as writing.
func onlyPrints(args []string) bool {
	scripts, given := 0, false
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-e" || a == "-ne" || a == "-ze" || a == "-re" || a == "-Ee":
			if i++; i == len(args) || !printsInSed(args[i]) {
				return false
			}
			given = true
		case strings.HasPrefix(a, "-") && len(a) > 1:
			if strings.Trim(a[1:], "nrEuz") != "" {
				return false
			}
		case !given && scripts == 0:
			if scripts++; !printsInSed(a) {
				return false
			}
		}
	}
	return given || scripts > 0
}

// printsInSed reports whether a script of sed has no command that writes to a file or
// runs something: it has no w, W or e but in what s looks for and puts in its place.
func printsInSed(script string) bool {
	if len(script) > 3 && script[0] == 's' && !strings.ContainsAny(script, "\n;{}") {
		parts := strings.Split(script[2:], script[1:2])
		if len(parts) == 3 {
			return strings.Trim(parts[2], "gpI0123456789") == ""
		}
	}
	return script != "" && !strings.ContainsAny(script, "wWe")
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
			return "", nil, errors.New(unknownCall)
		}
	}
	return flags, rest, nil
}
