// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import "io"

// Basic are the commands that every system has.
func Basic() map[string]Command {
	return map[string]Command{
		// Of files.
		"mkdir": mkdir, "rmdir": rmdir, "rm": rm, "cp": cp, "mv": mv, "ln": ln, "chmod": chmod, "chown": chown, "chgrp": chown,
		"touch": touch, "install": install, "mktemp": mktemp, "tempfile": mktemp,
		// That look at files.
		"readlink": readlink, "realpath": Realpath, "stat": stat, "ls": ls, "find": find, "cmp": cmp, "mountpoint": mountpoint,
		"md5sum": sum, "sha1sum": sum, "sha256sum": sum, "basename": basename, "dirname": dirname,
		// Of texts.
		"cat": cat, "head": head, "tail": last, "cut": cut, "tr": tr, "sort": sortLines, "uniq": uniq, "wc": wc, "tee": tee,
		"grep": grep, "egrep": grep, "fgrep": grep, "sed": sed, "seq": seq, "expr": expr, "xargs": xargs, "awk": awk, "mawk": awk,
		// Of the system.
		"which": which, "id": id, "getent": getent, "uname": uname, "date": date, "env": env,
		"sleep": nothing, "sync": nothing, "restorecon": nothing,
		// In the shell's own place, where sh calls them by another way.
		"true": nothing, "false": fails, "echo": echo, "pwd": pwd,
	}
}

// builtins are commands of the shell that the library has otherwise.
func builtins() map[string]Command {
	return map[string]Command{
		"echo": echo, "umask": umask, "type": findPrograms, "command": findPrograms, "pwd": pwd, "hash": hashed, "shift": noShift,
		"test": test, "[": test, "printf": printf, "split": split, "whole": whole, "literal": printLiteral, "field": printField,
		"number": printNumber, "variable": printVariable, "expression": printExpression, "divisor": printDivisor,
	}
}

func noShift(*Call) error { return refuse("it shifts arguments that aren't there") }

func nothing(*Call) error { return nil }

func fails(*Call) error { return Status(1) }

// hashed looks for programs as which does, and says nothing.
func hashed(c *Call) error {
	quiet := *c
	quiet.Stdout = io.Discard
	if len(c.Args) == 1 || c.Args[1] == "-r" {
		return nil
	}
	if err := findPrograms(&quiet); err != nil {
		return Status(1)
	}
	return nil
}
