// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// version is up to three numbers, missing ones 0.
type version [3]int

func (v version) compare(w version) int {
	return slices.Compare(v[:], w[:])
}

// bump is the first version that doesn't begin with the first n numbers of v.
func (v version) bump(n int) version {
	var next version
	copy(next[:], v[:n])
	next[n-1]++
	return next
}

// parseVersion reads 3.12 or v3.12.4 and gives how many numbers there are; wildcards
// and what follows the numbers count for nothing.
func parseVersion(s string) (v version, n int) {
	s = strings.TrimLeft(s, "vV")
	for part := range strings.SplitSeq(s, ".") {
		digits := regexp.MustCompile(`^\d{1,6}`).FindString(part)
		if digits == "" || n == len(v) {
			break
		}
		v[n], _ = strconv.Atoi(digits) // six digits are a number
		n++
		if digits != part {
			break
		}
	}
	return v, n
}

// span is the versions from low up to, but without, high.
type span struct{ low, high version }

func (s span) and(t span) span {
	if t.low.compare(s.low) > 0 {
		s.low = t.low
	}
	if t.high.compare(s.high) < 0 {
		s.high = t.high
	}
	return s
}

func (s span) isEmpty() bool { return s.low.compare(s.high) >= 0 }

func everything() span { return span{high: version{1 << 30}} }

// constraint is what a project says of the version of its language, as spans one of
// which must hold.
type constraint []span

// parseConstraint reads a constraint as npm, pip, Bundler, Composer and Poetry write
// it. Nothing that can be read gives no span.
func parseConstraint(text string) constraint {
	var all constraint
	for alternative := range strings.SplitSeq(strings.ReplaceAll(text, "||", "|"), "|") {
		alternative = regexp.MustCompile(`(\d)\s+-\s+(\d)`).ReplaceAllString(alternative, "$1 <=$2")
		if regexp.MustCompile(`\d\s+<=\d`).MatchString(alternative) && !strings.ContainsAny(alternative[:1], "<>=^~") {
			alternative = ">=" + strings.TrimSpace(alternative)
		}
		s, read := everything(), false
		for _, m := range regexp.MustCompile(`(~=|~>|>=|<=|==|!=|[<>=^~])?\s*v?(\d[\w.*]*|\*)`).FindAllStringSubmatch(alternative, -1) {
			s, read = s.and(comparator(m[1], m[2])), true
		}
		if read && !s.isEmpty() {
			all = append(all, s)
		}
	}
	return all
}

// comparator is one operator with its version.
func comparator(op, text string) span {
	v, n := parseVersion(text)
	if n == 0 {
		return everything()
	}
	s := everything()
	switch op {
	case ">=":
		s.low = v
	case ">":
		s.low = v.bump(n)
	case "<=":
		s.high = v.bump(n)
	case "<":
		s.high = v
	case "^":
		s = span{v, v.bump(1)}
	case "~":
		s = span{v, v.bump(min(n, 2))}
	case "~>", "~=":
		s = span{v, v.bump(max(n-1, 1))}
	case "!=":
	default:
		s = span{v, v.bump(n)}
	}
	return s
}

// allows reports whether a version that begins with the series' numbers is allowed.
func (c constraint) allows(series string) bool {
	v, n := parseVersion(series)
	if n == 0 {
		return false
	}
	one := span{v, v.bump(n)}
	return slices.ContainsFunc(c, func(s span) bool { return !s.and(one).isEmpty() })
}

// choose gives the series that a constraint allows: the default one if it may be, else
// the newest of the known ones, else the oldest that is allowed at all. The series
// have as many numbers as the default.
func (c constraint) choose(known []string, def string) string {
	if len(c) == 0 || c.allows(def) {
		return def
	}
	for _, series := range known {
		if c.allows(series) {
			return series
		}
	}
	lowest := slices.MinFunc(c, func(a, b span) int { return cmp.Or(a.low.compare(b.low), a.high.compare(b.high)) }).low
	if _, n := parseVersion(def); n == 1 {
		return strconv.Itoa(lowest[0])
	}
	return fmt.Sprintf("%d.%d", lowest[0], lowest[1])
}

// runtime is a language's versions.
type runtime struct {
	name string
	// def is the series that is taken where a project says nothing, and known are
	// others with images, the newest first.
	def   string
	known []string
}

// pinKind is how a file names a version.
type pinKind int

const (
	// exact is one version.
	exact pinKind = iota
	// least is the oldest that will do.
	least
	// ranged is a constraint.
	ranged
)

// pin is a version that a project's file gives.
type pin struct {
	file, what string
	is         pinKind
}

// version decides on the version by the first pin that says something, and tells it.
func (p *project) version(r runtime, pins ...pin) string {
	for _, at := range pins {
		text := strings.TrimSpace(at.what)
		v, n := parseVersion(text)
		if at.is == exact && n > 0 && v[0] > 0 {
			text = regexp.MustCompile(`^\d+(\.\d+){0,2}`).FindString(strings.TrimLeft(text, "vV"))
			p.note("%s: %s %s", at.file, r.name, text)
			return text
		}
		if at.is == exact || n == 0 && at.is == least {
			continue
		}
		words := strings.Trim(text, `"'`)
		if at.is == least {
			text, words = ">="+text, text+" or a later one"
		}
		if c := parseConstraint(text); len(c) > 0 {
			series := c.choose(r.known, r.def)
			p.note("%s: %s %s is asked for, %s is taken", at.file, r.name, words, series)
			return series
		}
	}
	p.note("no version of %s is named: %s is taken", r.name, r.def)
	return r.def
}
