// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What [Run] and [Exec] take.
const (
	RunUsage  = RunName + " [--user USER[:GROUP]] [--home DIR] [--skip PATH]... [--tmpfs MODE=PATH]... [--keep-times] -- COMMAND [ARGUMENT]..."
	ExecUsage = ExecName + " [--env NAME]... -- COMMAND [ARGUMENT]..."

	// RunName and ExecName are what the subcommands that are around a command are called.
	RunName  = "run"
	ExecName = "exec"
)

// Run runs a command of the image, and then gives what the command changed a time that
// is the same in every run.
type Run struct {
	// Memory are directories in memory, which get their modes and the user before the
	// command starts.
	Memory []Memory
	// User is the USER[:GROUP] to run as; without it the command has the helper's own.
	User string
	// Home is the command's HOME. Without it, and with a User, HOME comes from
	// /etc/passwd, unless the environment has one that isn't root's.
	Home string
	// Skip lists directories whose files keep their times.
	Skip []string
	// KeepTimes leaves the times of what the command changed as they are.
	KeepTimes bool
	// Command is the command and its arguments.
	Command []string
}

// Memory is a directory in memory.
type Memory struct {
	// Mode has the bits of chmod(2), and Path is the directory's in the image.
	Mode uint32
	Path string
}

// Args are the helper's arguments.
func (c Run) Args() []string {
	args := []string{RunName}
	for _, m := range c.Memory {
		args = append(args, "--tmpfs", fmt.Sprintf("%04o=%s", m.Mode, m.Path))
	}
	return slices.Concat(args, Value("user", c.User), Value("home", c.Home), Each("skip", c.Skip),
		Switch("keep-times", c.KeepTimes), []string{"--"}, c.Command)
}

// ParseRun reads the arguments after the name.
func ParseRun(args []string) (Run, error) {
	var c Run
	set := Flags(RunName)
	set.StringVar(&c.User, "user", "", "")
	set.StringVar(&c.Home, "home", "", "")
	set.Var((*List)(&c.Skip), "skip", "")
	set.BoolVar(&c.KeepTimes, "keep-times", false, "")
	set.Func("tmpfs", "", func(word string) error {
		text, dir, ok := strings.Cut(word, "=")
		mode, err := strconv.ParseUint(text, 8, 12)
		if !ok || err != nil {
			return errors.New("want MODE=PATH")
		}
		c.Memory = append(c.Memory, Memory{Mode: uint32(mode), Path: dir})
		return nil
	})
	err := Parse(set, args, 1, math.MaxInt)
	c.Command = set.Args()
	return c, err
}

// Exec becomes a command whose environment holds the named variables and no others.
type Exec struct {
	// Env are the names of the variables.
	Env []string
	// Command is the command and its arguments.
	Command []string
}

// Args are the helper's arguments.
func (c Exec) Args() []string {
	return slices.Concat([]string{ExecName}, Each("env", c.Env), []string{"--"}, c.Command)
}

// ParseExec reads the arguments after the name.
func ParseExec(args []string) (Exec, error) {
	var c Exec
	set := Flags(ExecName)
	set.Var((*List)(&c.Env), "env", "")
	err := Parse(set, args, 1, math.MaxInt)
	c.Command = set.Args()
	return c, err
}
