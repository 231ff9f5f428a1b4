// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package noshell runs maintainer scripts of packages in a root that has no shell,
// no tools and perhaps no program that this machine can run: the shell is a library,
// and each command is a function that does to the root what the program would.
//
// What it can't do as the real one would, it refuses: a construct of the shell, a
// command, or an option of one. The script then counts as not run, and the caller
// says so. So a script that ran without an error did what it does elsewhere.
package noshell
