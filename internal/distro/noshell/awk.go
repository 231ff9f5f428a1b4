// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"regexp"
	"strconv"
	"strings"
)

// awkScript is the only kind of script that is followed: a field of each line, or of
// those that match.
var awkScript = regexp.MustCompile(`^\s*(?:/((?:[^/\\]|\\.)*)/)?\s*\{\s*print\s*(?:\$([0-9]+))?\s*;?\s*\}\s*$`)

func awk(c *Call) error {
	opt, rest, err := c.Options("F: field-separator=F:")
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return refuse("it has no script")
	}
	m := awkScript.FindStringSubmatch(rest[0])
	separator := opt.Value("F")
	if m == nil || len(separator) > 1 || separator == " " || separator == "\\" {
		return refuse("its script isn't followed")
	}
	re, err := expression(m[1], true, false)
	if err != nil {
		return err
	}
	field, _ := strconv.Atoi("0" + m[2])
	texts, err := c.inputs(rest[1:])
	if err != nil {
		return err
	}
	var out []string
	for _, l := range lines(strings.Join(texts, "")) {
		if !re.MatchString(l) {
			continue
		}
		fields := strings.Fields(l)
		if separator != "" {
			fields = strings.Split(l, separator)
		}
		switch {
		case field == 0:
			out = append(out, l)
		case field <= len(fields):
			out = append(out, fields[field-1])
		default:
			out = append(out, "")
		}
	}
	return c.Print(joined(out))
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
