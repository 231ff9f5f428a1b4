// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package command is how calls of the step helper about packages are written and
// read. A package below a distribution has a struct for each of its subcommands,
// with a method that makes the arguments and a function that reads them back.
package command

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Flags are flags of a subcommand.
func Flags(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set
}

// Parse reads flags and wants at least and at most that many arguments after them.
func Parse(set *flag.FlagSet, args []string, least, most int) error {
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("read arguments of %s: %w", set.Name(), err)
	}
	if n := set.NArg(); n < least || n > most {
		return fmt.Errorf("read arguments of %s: got %d arguments beside flags", set.Name(), n)
	}
	return nil
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
