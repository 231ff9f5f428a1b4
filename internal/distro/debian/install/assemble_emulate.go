// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/maintscript"
	"github.com/strata-build/strata/internal/distro/unpack"
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
	if !c.AllKnown() || len(c.Args) != 3 {
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

// output writes what a command prints to a file.
func (a *assembler) output(args []string) error { return a.print(args, os.O_TRUNC) }

// addOutput adds it at the file's end.
func (a *assembler) addOutput(args []string) error { return a.print(args, os.O_APPEND) }

func (a *assembler) print(args []string, how int) error {
	if err := absolute(args[0]); err != nil {
		return err
	}
	f, err := os.OpenFile(a.root.At(args[0]), os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(args[1])
	return errors.Join(err, f.Close())
}

func (a *assembler) mkdir(args []string) error {
	mode := os.FileMode(0)
	if len(args) > 2 && args[0] == "-m" {
		n, err := strconv.ParseUint(args[1], 8, 12)
		if err != nil {
			return err
		}
		mode, args = os.FileMode(n), args[2:]
	}
	flags, paths, err := operands(args, "pv")
	if err != nil {
		return err
	}
	if err := absolute(paths...); err != nil {
		return err
	}
	for _, p := range paths {
		if strings.Contains(flags, "p") {
			err = os.MkdirAll(a.root.At(p), 0o755)
		} else {
			err = os.Mkdir(a.root.At(p), 0o755)
		}
		if err == nil && mode != 0 {
			err = unix.Chmod(a.root.At(p), uint32(mode))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) chmod(args []string) error {
	if len(args) < 2 {
		return errUnknownCall
	}
	mode, err := strconv.ParseUint(args[0], 8, 12)
	if err != nil {
		return fmt.Errorf("its mode %s isn't a number", args[0])
	}
	if err := absolute(args[1:]...); err != nil {
		return err
	}
	for _, p := range args[1:] {
		if err := unix.Chmod(a.root.At(p), uint32(mode)); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) chown(args []string) error {
	_, rest, err := operands(args, "h")
	if err != nil || len(rest) < 2 {
		return errors.Join(errUnknownCall, err)
	}
	user, group, _ := strings.Cut(rest[0], ":")
	uid, err := a.id("/etc/passwd", user)
	if err != nil {
		return err
	}
	gid, err := a.id("/etc/group", group)
	if err != nil {
		return err
	}
	if err := absolute(rest[1:]...); err != nil {
		return err
	}
	for _, p := range rest[1:] {
		var st unix.Stat_t
		if err := errors.Join(unix.Stat(a.root.At(p), &st), unix.Lchown(a.root.At(p), uid, gid), unix.Chmod(a.root.At(p), st.Mode&0o7777)); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) chgrp(args []string) error {
	if len(args) < 2 {
		return errUnknownCall
	}
	return a.chown(append([]string{":" + args[0]}, args[1:]...))
}

// id is the number of a name, or -1, which changes nothing, for none.
func (a *assembler) id(file, name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	number := name
	if _, err := strconv.Atoi(name); err != nil {
		if number, err = a.root.Number(file, name); err != nil || number == "" {
			return 0, fmt.Errorf("%s isn't in %s", name, file)
		}
	}
	id, err := strconv.Atoi(number)
	if err == nil && !unpack.IsOwner(id) {
		err = fmt.Errorf("%s can't be an owner", number)
	}
	return id, err
}

func (a *assembler) ln(args []string) error {
	flags, rest, err := operands(args, "sfnT")
	if err != nil || len(rest) != 2 || !strings.Contains(flags, "s") {
		return errors.Join(errUnknownCall, err)
	}
	if err := absolute(rest[1]); err != nil {
		return err
	}
	to := a.root.At(rest[1])
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		if link, err := os.Lstat(to); err == nil && link.IsDir() || !strings.ContainsAny(flags, "nT") {
			to = filepath.Join(to, path.Base(rest[0]))
		}
	}
	if strings.Contains(flags, "f") {
		if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Symlink(rest[0], to)
}

func (a *assembler) cp(args []string) error {
	flags, rest, err := operands(args, "pfa")
	if err != nil || len(rest) != 2 {
		return errors.Join(errUnknownCall, err)
	}
	if err := absolute(rest...); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(a.root.At(rest[0]), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return errors.Join(fmt.Errorf("%s isn't a file", rest[0]), err)
	}
	data, err := os.ReadFile(a.root.At(rest[0]))
	if err != nil {
		return err
	}
	if info, err := os.Stat(a.root.At(rest[1])); err == nil && info.IsDir() {
		rest[1] = path.Join(rest[1], path.Base(rest[0]))
	}
	if err := os.WriteFile(a.root.At(rest[1]), data, os.FileMode(st.Mode&0o777)); err != nil || !strings.ContainsAny(flags, "pa") {
		return err
	}
	return unpack.SetAttributes(unix.AT_FDCWD, a.root.At(rest[1]), st.Mode&0o7777, int(st.Uid), int(st.Gid), st.Mtim)
}

func (a *assembler) rm(args []string) error {
	flags, paths, err := operands(args, "frR")
	if err != nil {
		return err
	}
	if err := absolute(paths...); err != nil {
		return err
	}
	for _, p := range paths {
		err := os.Remove(a.root.At(p))
		if errors.Is(err, os.ErrNotExist) && strings.Contains(flags, "f") || errors.Is(err, unix.ENOTDIR) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) rmdir(args []string) error {
	_, paths, err := operands(args, "")
	if err != nil {
		return err
	}
	for _, p := range paths {
		if err := errors.Join(absolute(p), unix.Rmdir(a.root.At(p))); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) touch(args []string) error {
	_, paths, err := operands(args, "")
	if err != nil {
		return err
	}
	for _, p := range paths {
		f, err := os.OpenFile(a.root.At(p), os.O_CREATE|os.O_WRONLY, 0o644)
		if err := errors.Join(absolute(p), err); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
