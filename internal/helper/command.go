// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/child"
)

// defaultPath is searched when the environment has no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// findCommand is the file a command's name stands for, or the status for having none.
func findCommand(name string, env []string) (string, int, error) {
	if strings.Contains(name, "/") {
		if err := executable(name); err != nil {
			return "", execStatus(err), fmt.Errorf("run %s: %w", show(name), explain(err, name))
		}
		return name, 0, nil
	}
	search, given := variable(env, "PATH")
	if !given || search == "" {
		search = defaultPath
	}
	denied := ""
	for dir := range strings.SplitSeq(search, ":") {
		if dir == "" {
			dir = "."
		}
		file := dir + "/" + name
		err := executable(file)
		if err == nil {
			return file, 0, nil
		}
		if errors.Is(err, unix.EACCES) && denied == "" {
			denied = file
		}
	}
	if denied != "" {
		return "", notExecutable, fmt.Errorf("run %s: %w", show(name), explain(unix.EACCES, denied))
	}
	return "", notFound, fmt.Errorf("run %s: command not found in PATH %s", show(name), search)
}

// executable reports whether a file may be started by any user at all; the kernel then says whether the user is one of them.
func executable(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return unix.EACCES
	}
	return nil
}

// execStatus is the status for a command that can't be started: a shell's, unless the helper
// is at fault.
func execStatus(err error) int {
	if errors.Is(err, child.ErrStuck) {
		return ownFault
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return notFound
	}
	return notExecutable
}

// explain puts into words why a file can't be started.
func explain(err error, file string) error {
	info, statErr := os.Stat(file)
	switch {
	case errors.Is(err, unix.ENOENT) && statErr == nil:
		if program := interpreter(file); program != "" {
			return fmt.Errorf("its first line names %s, which isn't there: %w", show(program), err)
		}
		return fmt.Errorf("%s is there, but not the interpreter its header names: %w", show(file), err)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return errors.New("command not found")
	case errors.Is(err, unix.ENOEXEC):
		return fmt.Errorf("%s isn't a program for this machine, nor a script with #! in its first line: %w", show(file), err)
	case statErr == nil && info.IsDir():
		return fmt.Errorf("%s is a directory", show(file))
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s is not executable: %w", show(file), err)
	}
	return err
}

// interpreter is the program that the first line of a script names; empty for another file.
func interpreter(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 256) // the kernel looks at no more
	n, _ := io.ReadFull(f, head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 {
		return ""
	}
	return words[0]
}

func variable(env []string, name string) (string, bool) {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// withVariable sets a variable, in its own place if it is there already.
func withVariable(env []string, name, value string) []string {
	for i, entry := range env {
		if strings.HasPrefix(entry, name+"=") {
			env[i] = name + "=" + value
			return env
		}
	}
	return append(env, name+"="+value)
}
