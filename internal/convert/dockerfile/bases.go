// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// based is the stage that a base names; nil for an image. Where an argument without a
// default is in the name, as in FROM base-$TARGETARCH, it is the last stage with such a
// name.
func (s *stage) based(v value) *stage {
	likely, _ := v.fallback()
	below := s.named(likely)
	if !v.dynamic() {
		return below
	}
	var pattern strings.Builder
	for _, p := range v.flat() {
		if p.name == "" {
			pattern.WriteString(regexp.QuoteMeta(p.text))
			continue
		}
		pattern.WriteString(".*")
		s.open = s.open || p.op == "" && len(p.was) == 0
	}
	named := regexp.MustCompile("^" + pattern.String() + "$")
	for _, other := range s.c.stages {
		if other != s && other.parsed.Name != "" && named.MatchString(other.parsed.Name) {
			s.bases = append(s.bases, other)
		}
	}
	switch n := len(s.bases); {
	case below != nil:
		s.open = false
		return below
	case s.open && n > 0:
		return s.bases[n-1]
	}
	s.bases, s.open = nil, false
	return nil
}

// unsure tells of what not all stages have in the same way that this one may be made from.
// Where none of them is more likely, variables are left to the base's environment.
func (s *stage) unsure(line int) {
	differs := false
	for _, other := range s.bases {
		if other == s.below {
			continue
		}
		differs = differs || other.workdir != s.below.workdir || other.user != s.below.user || !slices.Equal(other.shell, s.below.shell) || len(other.onbuild)+len(s.below.onbuild) > 0
		for _, name := range slices.Concat(s.below.vars.order, other.vars.order) {
			one, has := s.below.vars.vars[name]
			two, both := other.vars.vars[name]
			switch {
			case one.arg || two.arg || has == both && one.value.text() == two.value.text():
			case !s.open || s.c.args.has(name):
				differs = true
			default:
				s.vars.remove(name)
			}
		}
	}
	if differs {
		s.c.note(line, Doubt, "FROM %s may be another stage than %s: its variables, WORKDIR, USER, SHELL and ONBUILD are taken to be those of %s", s.parsed.BaseName, s.below.title(), s.below.title())
	}
}

// remove forgets a name.
func (s *scope) remove(name string) {
	delete(s.vars, name)
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
}

// above refuses to take from a stage that doesn't stand above this one, by its name or,
// where that may be, by its number.
func (s *stage) above(from string, numbers bool) error {
	here := len(s.c.stages) - 1
	if n, err := strconv.Atoi(from); err == nil && numbers {
		if n < 0 || n >= here {
			return fmt.Errorf("there is no stage %d above this one", n)
		}
		return nil
	}
	if from != "" && s.find(from) == nil && slices.Contains(s.c.names[here:], strings.ToLower(from)) {
		return errors.New("the stage " + from + " must stand above the one that takes from it")
	}
	return nil
}
