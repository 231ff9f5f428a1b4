// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// skipFindings lets the rules be skipped that the build file doesn't keep because the
// file that it was made of doesn't: a conversion changes nothing of that. What is told
// names each finding.
func (c *converted) skipFindings(path string, file *draft.File) error {
	config, err := lint.Configure(path, c.BuildFile, nil)
	if err != nil {
		return nil //nolint:nilerr // the line is the converted file's own, and check tells of it
	}
	s, err := spec.Parse("", c.BuildFile)
	if err != nil {
		return nil //nolint:nilerr // and of this
	}
	var rules []string
	for _, e := range append(lint.File(s, spec.DefaultTarget, nil, config), lint.Bases(s)...) {
		if config.Skips(e.Rule) {
			continue
		}
		rules = append(rules, e.Rule)
		c.Notes = append(c.Notes, fmt.Sprintf("%s: skipped: %s: %s", path, e.Rule, e.Message))
	}
	if len(rules) == 0 {
		return nil
	}
	slices.Sort(rules)
	file.Head = withSkips(file.Head, slices.Compact(rules))
	c.Notes = append(c.Notes, path+": skipped: the rules of strata check in the line # check= are for what was there before; take one out to hold to it")
	c.BuildFile, err = file.Bytes()
	return err
}

// withSkips are the lines at the top, with rules to skip.
func withSkips(head, rules []string) []string {
	head = slices.Clone(head)
	i := slices.IndexFunc(head, func(l string) bool { return strings.HasPrefix(l, "check=") })
	if i < 0 {
		at := min(len(head), 1) // behind syntax=
		return slices.Insert(head, at, "check=skip="+strings.Join(rules, ","))
	}
	var words []string
	for _, word := range strings.Split(strings.TrimPrefix(head[i], "check="), ";") {
		if names, ok := strings.CutPrefix(word, "skip="); ok {
			rules = append(strings.Split(names, ","), rules...)
			continue
		}
		words = append(words, word)
	}
	head[i] = "check=" + strings.Join(append([]string{"skip=" + strings.Join(rules, ",")}, words...), ";")
	return head
}
