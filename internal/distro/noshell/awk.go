// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import "strings"

// awk follows rules that print, replace and keep texts; see awkscript.go.
func awk(c *Call) error {
	opt, rest, err := c.Options("F: field-separator=F:")
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return refuse("it has no script")
	}
	separator := opt.Value("F")
	if len(separator) > 1 || separator == " " || separator == "\\" {
		return refuse("its script isn't followed")
	}
	rules, err := parseAwk(rest[0])
	if err != nil {
		return err
	}
	run := awkRun{separator: separator, variables: map[string]string{}}
	run.all(rules, awkBegin)
	if !onlyBegins(rules) {
		texts, err := c.inputs(rest[1:])
		if err != nil {
			return err
		}
		for _, run.line = range lines(strings.Join(texts, "")) {
			run.all(rules, awkLine)
		}
	}
	run.all(rules, awkEnd)
	return c.Print(joined(run.out))
}

// xargs runs a command with what it reads as further arguments.
func xargs(c *Call) error {
	opt, rest, err := (&Call{Args: xargsOptions(c.Args)}).Options("r no-run-if-empty=r 0 null=0")
	if err != nil {
		return err
	}
	rest = append(rest, c.Args[len(xargsOptions(c.Args)):]...)
	texts, err := c.inputs(nil)
	if err != nil {
		return err
	}
	words := strings.Fields(texts[0])
	if opt.Has("0") {
		words = strings.FieldsFunc(texts[0], func(r rune) bool { return r == 0 })
	} else if strings.ContainsAny(texts[0], `'"\`) {
		return refuse("what it reads has quotes")
	}
	if len(words) == 0 && opt.Has("r") {
		return nil
	}
	if len(rest) == 0 || len(words) > 1000 {
		return refuse("it isn't followed")
	}
	own := *c
	own.Stdin = strings.NewReader("")
	if err := own.Other(append(rest, words...)); err != nil {
		if _, refused := err.(*Refusal); refused { //nolint:errorlint // it is never wrapped
			return err
		}
		return Status(123)
	}
	return nil
}

// xargsOptions are the arguments up to the command.
func xargsOptions(args []string) []string {
	for i, a := range args[1:] {
		if !strings.HasPrefix(a, "-") {
			return args[:i+1]
		}
	}
	return args
}
