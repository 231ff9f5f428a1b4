// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package call is how calls of the step helper are written and read: a struct for
// each of its subcommands, with a method that makes the arguments and a function that
// reads them back. Both sides use the same value, the layers that need a step and the
// helper that runs in it. Subcommands about packages have theirs below their
// distribution.
package call

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// ArgumentsError is about arguments that a subcommand doesn't take.
type ArgumentsError struct {
	// Name is the subcommand's.
	Name string
	Err  error
}

func (e *ArgumentsError) Error() string {
	return fmt.Sprintf("read arguments of %s: %v", e.Name, e.Err)
}

// Unwrap returns what is wrong with the arguments.
func (e *ArgumentsError) Unwrap() error { return e.Err }

// Flags are flags of a subcommand.
func Flags(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set
}

// Parse reads flags and wants at least and at most that many arguments after them.
// What is wrong is an [ArgumentsError].
func Parse(set *flag.FlagSet, args []string, least, most int) error {
	if err := set.Parse(args); err != nil {
		return &ArgumentsError{set.Name(), err}
	}
	if n := set.NArg(); n < least || n > most {
		return &ArgumentsError{set.Name(), fmt.Errorf("want %s beside flags, got %d", wanted(least, most), n)}
	}
	return nil
}

// wanted says how many arguments there may be.
func wanted(least, most int) string {
	switch {
	case least == most && most == 0:
		return "no arguments"
	case least == most && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", least)
	default:
		return fmt.Sprintf("at least %d", least)
	}
}

// List is a flag that may be given more than once.
type List []string

// String joins the values.
func (l *List) String() string { return strings.Join(*l, " ") }

// Set adds a value.
func (l *List) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// Each repeats a flag for each value.
func Each(name string, values []string) []string {
	var args []string
	for _, v := range values {
		args = append(args, "--"+name, v)
	}
	return args
}

// Value is a flag with its value; nothing for an empty one.
func Value(name, value string) []string {
	if value == "" {
		return nil
	}
	return []string{"--" + name, value}
}

// Switch is a flag without a value, where it is on.
func Switch(name string, on bool) []string {
	if !on {
		return nil
	}
	return []string{"--" + name}
}

// Operands are the arguments after flags. One that looks like a flag isn't taken for
// one.
func Operands(all ...string) []string {
	if len(all) > 0 && strings.HasPrefix(all[0], "-") {
		return append([]string{"--"}, all...)
	}
	return all
}
