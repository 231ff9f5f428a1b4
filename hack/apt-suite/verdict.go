// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// A kind is how a scenario came out.
type kind int

const (
	agrees  kind = iota // the same packages
	fails               // both refuse
	tie                 // ours tells that apt's choice is as good
	meant               // another answer, with a reason
	apart               // nothing that a build file can ask for
	differs             // another answer
)

// judge compares the answers.
func (s *scenario) judge() {
	switch why := reasonFor(s); {
	case s.Apart != "":
		s.Kind = apart
	case s.Ours.same(s.Apt) && s.Apt.Failed:
		s.Kind = fails
	case s.Ours.same(s.Apt):
		s.Kind = agrees
	case s.Note != "":
		s.Kind = tie
	case why != "":
		s.Kind, s.Note = meant, why
	default:
		s.Kind = differs
	}
}

// String is a line about a scenario.
func (s *scenario) String() string {
	words := [...]string{"agrees", "fails in both", "is a tie", "differs as is meant", "is not asked", "DIFFERS"}
	head := fmt.Sprintf("%s: %s: %s", s.Script, strings.Join(s.Words, " "), words[s.Kind])
	switch s.Kind {
	case agrees:
		return head + ": " + s.Apt.String()
	case apart:
		return head + ": " + s.Apart
	}
	if s.Note != "" {
		head += ": " + s.Note
	}
	return fmt.Sprintf("%s: apt %s, ours %s", head, s.Apt, s.Ours)
}

func answerOf(sol *resolve.Solution) answer {
	var a answer
	for _, p := range sol.Packages {
		a.Steps = append(a.Steps, "+"+p.Name+" "+p.Version)
	}
	for _, name := range sol.Removed {
		a.Steps = append(a.Steps, "-"+name)
	}
	slices.Sort(a.Steps)
	return a
}

// A tally counts scenarios.
type tally struct {
	kinds   [differs + 1]int
	reasons map[string]int
}

func (t *tally) add(s *scenario) {
	if t.reasons == nil {
		t.reasons = map[string]int{}
	}
	t.kinds[s.Kind]++
	switch s.Kind {
	case apart:
		t.reasons["not asked: "+s.Apart]++
	case meant:
		t.reasons["meant: "+s.Note]++
	}
}

// report prints the figures.
func (t *tally) report(w io.Writer, what string) {
	for _, why := range slices.Sorted(maps.Keys(t.reasons)) {
		fmt.Fprintf(w, "%4d %s\n", t.reasons[why], why)
	}
	total, k := 0, &t.kinds
	for _, n := range k {
		total += n
	}
	fmt.Fprintf(w, "%s, %d scenarios, %d of them asked: %d agree (%d fail in both), %d are ties, %d differ as is meant, %d differ\n",
		what, total, total-k[apart], k[agrees]+k[fails], k[fails], k[tie], k[meant], k[differs])
}
