// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A kind is how a question came out.
type kind int

const (
	agrees  kind = iota // the same packages in the same order
	fails               // neither finds an answer
	ordered             // the same packages in another order
	apart               // nothing that a build file can ask for
	differs             // another answer
)

// A verdict is a kind with its reason, or with the two answers.
type verdict struct {
	name string
	kind kind
	text string
}

// String is a line about a question.
func (v verdict) String() string {
	words := [...]string{"agrees", "fails in both", "agrees, in another order", "is not asked", "DIFFERS"}
	s := v.name + " " + words[v.kind]
	if v.text != "" {
		s += ": " + v.text
	}
	return s
}

// compare asks ours, and compares with what apk answers.
func (q *question) compare() (verdict, error) {
	if why := q.notAsked(); why != "" {
		return verdict{q.name, apart, why}, nil
	}
	got, note, err := q.ours()
	if err != nil {
		return verdict{}, err
	}
	switch {
	case !got.same(q.want):
		return verdict{q.name, differs, fmt.Sprintf("%q: apk %s, ours %s; %s", q.args, q.want, got, note)}, nil
	case got.failed:
		return verdict{q.name, fails, note}, nil
	case !got.sameOrder(q.want):
		return verdict{q.name, ordered, fmt.Sprintf("%q, ours %q", q.want.installs(), got.installs())}, nil
	}
	return verdict{q.name, agrees, ""}, nil
}

// notAsked says why a build file can't ask for what a test does; "" if it can.
func (q *question) notAsked() string {
	q.args = slices.DeleteFunc(slices.Clone(q.args), func(a string) bool { return a == "-v" })
	for _, a := range q.args {
		if strings.HasPrefix(a, "-") {
			return "the option " + a
		}
	}
	switch {
	case q.args[0] == "upgrade" && len(q.args) > 1:
		return `"apk upgrade" with names`
	case q.args[0] == "add", q.args[0] == "upgrade":
		return ""
	}
	return fmt.Sprintf(`"apk %s"`, q.args[0])
}

// A tally counts verdicts.
type tally struct {
	kinds [differs + 1]int
	apart map[string]int // by why they aren't asked
}

func (t *tally) add(v verdict) {
	t.kinds[v.kind]++
	if v.kind == apart {
		if t.apart == nil {
			t.apart = map[string]int{}
		}
		t.apart[v.text]++
	}
}

// report prints the figures.
func (t *tally) report(w io.Writer, what string) {
	for _, why := range slices.Sorted(maps.Keys(t.apart)) {
		fmt.Fprintf(w, "%4d are not asked: %s\n", t.apart[why], why)
	}
	k := &t.kinds
	agree := k[agrees] + k[fails] + k[ordered]
	fmt.Fprintf(w, "%s: %d of %d asked, %d agree (%d of them fail in both, %d are in another order), %d differ\n",
		what, agree+k[differs], agree+k[differs]+k[apart], agree, k[fails], k[ordered], k[differs])
}
