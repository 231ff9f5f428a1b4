// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package calls holds calls of the step helper to what all of them promise: they are
// read as they were written.
package calls

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A Call is a subcommand with what it takes.
type Call interface{ Args() []string }

// Verb is a subcommand.
type Verb struct {
	// Name is what it is called.
	Name  string
	parse func(args []string) (Call, error)
}

// NewVerb returns the subcommand that a function reads the arguments of.
func NewVerb[C Call](name string, parse func(args []string) (C, error)) Verb {
	return Verb{Name: name, parse: func(args []string) (Call, error) { return parse(args) }}
}

// ReadBack holds calls to being read as they were made, and each verb to having a call
// among them.
func ReadBack(t *testing.T, verbs []Verb, all ...Call) {
	t.Helper()
	seen := map[string]bool{}
	for _, made := range all {
		args := made.Args()
		seen[args[0]] = true
		got, err := find(verbs, args[0]).parse(args[1:])
		if diff := cmp.Diff(made, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("error %v, it was read as another one (-made +read):\n%s", err, diff)
		}
	}
	for _, v := range verbs {
		if !seen[v.Name] {
			t.Errorf("there is no call of %s to read", v.Name)
		}
	}
}

// Refuse holds lines of a verb and its arguments, blanks between them, to being refused.
func Refuse(t *testing.T, verbs []Verb, lines ...string) {
	t.Helper()
	for _, line := range lines {
		words := strings.Fields(line)
		_, err := find(verbs, words[0]).parse(words[1:])
		if err == nil || !strings.HasPrefix(err.Error(), "read arguments of "+words[0]+": ") {
			t.Errorf("%s: error %v", line, err)
		}
	}
}

// Fuzz holds what is read to what it is written as: that is read the same way. Lines are
// a verb and its arguments.
func Fuzz(f *testing.F, verbs []Verb, all ...Call) {
	f.Helper()
	for _, c := range all {
		f.Add(strings.Join(c.Args(), "\n"))
	}
	f.Fuzz(func(t *testing.T, lines string) {
		words := strings.Split(lines, "\n")
		v := find(verbs, words[0])
		if v.parse == nil {
			return
		}
		once, err := v.parse(words[1:])
		if err != nil {
			return
		}
		twice, err := v.parse(once.Args()[1:])
		if diff := cmp.Diff(once, twice, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%q was read, then written as %q and read otherwise (error %v):\n%s", words, once.Args(), err, diff)
		}
	})
}

func find(verbs []Verb, name string) Verb {
	for _, v := range verbs {
		if v.Name == name {
			return v
		}
	}
	return Verb{}
}
