// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"iter"
	"strings"
)

// An Operator compares a package's version with the one in a relation.
type Operator uint8

// The operators. Any is that of a relation without a version. The old "<" and
// ">" mean "<=" and ">=".
const (
	Any Operator = iota
	Earlier
	EarlierOrEqual
	Equal
	LaterOrEqual
	Later
)

// String returns the operator as it is written, "" for Any.
func (o Operator) String() string {
	return [...]string{"", "<<", "<=", "=", ">=", ">>"}[o]
}

// Holds reports whether "version o want" is true.
func (o Operator) Holds(version, want string) bool {
	if o == Any {
		return true
	}
	c := CompareVersions(version, want)
	switch o {
	case Earlier:
		return c < 0
	case EarlierOrEqual:
		return c <= 0
	case LaterOrEqual:
		return c >= 0
	case Later:
		return c > 0
	}
	return c == 0
}

// A Relation is one package, perhaps with a version, that another one names:
// "name:qualifier (op version) [architectures] <profiles>".
type Relation struct {
	Name          string
	Qualifier     string // what stands behind the colon: any, native or an architecture
	Op            Operator
	Version       string
	Architectures []string // with a "!" before each, or none
	// Itself says that what provides the name doesn't count.
	Itself   bool
	Profiles [][]string // one list an angle bracket
}

// Alternatives are relations of which one is enough: "a | b".
type Alternatives []Relation

// String returns the relation in the usual notation.
func (r Relation) String() string {
	var b strings.Builder
	b.WriteString(r.Name)
	if r.Qualifier != "" {
		b.WriteString(":" + r.Qualifier)
	}
	if r.Op != Any {
		fmt.Fprintf(&b, " (%s %s)", r.Op, r.Version)
	}
	if len(r.Architectures) > 0 {
		fmt.Fprintf(&b, " [%s]", strings.Join(r.Architectures, " "))
	}
	for _, list := range r.Profiles {
		fmt.Fprintf(&b, " <%s>", strings.Join(list, " "))
	}
	return b.String()
}

// String returns the alternatives in the usual notation.
func (a Alternatives) String() string {
	words := make([]string, len(a))
	for i, r := range a {
		words[i] = r.String()
	}
	return strings.Join(words, " | ")
}

// The most relations in one field, and the most alternatives: each is looked up, and
// alternatives are compared with each other. The most of real ones are 1,600 and 20.
const (
	maxRelations    = 20_000
	maxAlternatives = 200
)

// ParseRelations reads the value of a field such as Depends: alternatives,
// separated by commas. An empty value is not a relation.
func ParseRelations(s string) ([]Alternatives, error) {
	var all []Alternatives
	var group Alternatives
	for rest := trimLeft(s); rest != ""; {
		if rest[0] == ',' && group == nil { // dpkg takes empty elements
			rest = trimLeft(rest[1:])
			continue
		}
		r, after, err := parseRelation(rest)
		if err != nil {
			return nil, fmt.Errorf("parse the relation %.60q: %w", rest, err)
		}
		if len(group) == maxAlternatives || len(all) == maxRelations {
			return nil, fmt.Errorf("parse the relations %.60q: there are more than %d, or more than %d alternatives", s, maxRelations, maxAlternatives)
		}
		group = append(group, r)
		rest = after
		if rest == "" {
			break
		}
		if rest[0] == ',' {
			all, group = append(all, group), nil
		}
		separator := rest[0]
		rest = trimLeft(rest[1:])
		if separator == '|' && (rest == "" || rest[0] == ',' || rest[0] == '|') {
			return nil, fmt.Errorf("parse the relations %.60q: nothing follows the |", s)
		}
	}
	if group != nil {
		all = append(all, group)
	}
	return all, nil
}

// Relations reads the relations in the value of a field one by one, those that
// are alternatives of each other like the others. It ends at an error.
func Relations(s string) iter.Seq2[Relation, error] {
	return func(yield func(Relation, error) bool) {
		for rest := trimLeft(s); rest != ""; {
			if rest[0] == ',' { // dpkg takes empty elements
				rest = trimLeft(rest[1:])
				continue
			}
			r, after, err := parseRelation(rest)
			if err != nil {
				yield(r, err)
				return
			}
			if !yield(r, nil) {
				return
			}
			if rest = after; rest != "" {
				rest = trimLeft(rest[1:])
			}
		}
	}
}

// Names are the names of packages in the value of a field, in its order. What
// follows a mistake is left out.
func Names(s string) []string {
	var names []string
	for r, err := range Relations(s) {
		if err != nil {
			return names
		}
		names = append(names, r.Name)
	}
	return names
}

// parseRelation reads one relation and leaves the rest at its end, a comma or
// a bar.
func parseRelation(s string) (r Relation, rest string, err error) {
	n := strings.IndexAny(s, " \t\r\n()[]<>,|")
	if n < 0 {
		n = len(s)
	}
	if n == 0 {
		return r, "", fmt.Errorf("a package name is expected at %.60q", s)
	}
	r.Name, rest = s[:n], trimLeft(s[n:])
	if name, qualifier, ok := strings.Cut(r.Name, ":"); ok {
		if name == "" || qualifier == "" || strings.Contains(qualifier, ":") {
			return r, "", fmt.Errorf("%q is not of the form name:architecture", r.Name)
		}
		r.Name, r.Qualifier = name, qualifier
	}
	if strings.HasPrefix(rest, "(") {
		if rest, err = parseVersion(&r, rest); err != nil {
			return r, "", err
		}
	}
	if strings.HasPrefix(rest, "[") {
		if r.Architectures, rest, err = parseList(rest, ']'); err != nil {
			return r, "", err
		}
	}
	for strings.HasPrefix(rest, "<") {
		var list []string
		if list, rest, err = parseList(rest, '>'); err != nil {
			return r, "", err
		}
		r.Profiles = append(r.Profiles, list)
	}
	if rest != "" && rest[0] != ',' && rest[0] != '|' {
		return r, "", fmt.Errorf("a comma or a | is expected at %.60q", rest)
	}
	return r, rest, nil
}

func parseVersion(r *Relation, s string) (rest string, err error) {
	end := strings.IndexByte(s, ')')
	if end < 0 {
		return "", fmt.Errorf("the ) of %.60q is missing", s)
	}
	inside := strings.TrimSpace(s[1:end])
	n := len(inside) - len(strings.TrimLeft(inside, "<>="))
	op, ok := parseOperator(inside[:n])
	if n == 0 {
		op, ok = Equal, true // as dpkg and apt take it
	}
	if !ok {
		return "", fmt.Errorf("(%.60s) has no operator (<<, <=, =, >= or >>)", inside)
	}
	r.Op, r.Version = op, strings.TrimSpace(inside[n:])
	if r.Version == "" || strings.ContainsAny(r.Version, " \t\r\n(") {
		return "", fmt.Errorf("(%.60s) has no version behind its operator", inside)
	}
	return trimLeft(s[end+1:]), nil
}

func parseOperator(s string) (op Operator, ok bool) {
	switch s {
	case "<<":
		return Earlier, true
	case "<=", "<":
		return EarlierOrEqual, true
	case "=":
		return Equal, true
	case ">=", ">":
		return LaterOrEqual, true
	case ">>":
		return Later, true
	}
	return Any, false
}

func parseList(s string, closing byte) (list []string, rest string, err error) {
	end := strings.IndexByte(s, closing)
	if end < 0 {
		return nil, "", fmt.Errorf("the %c of %.60q is missing", closing, s)
	}
	list = strings.Fields(s[1:end])
	for _, word := range list {
		if word == "!" || strings.ContainsAny(word, "[]<>(),|") {
			return nil, "", fmt.Errorf("%.60q has no place in %.60s", word, s[:end+1])
		}
	}
	if len(list) == 0 {
		return nil, "", fmt.Errorf("%s is empty", s[:end+1])
	}
	return list, trimLeft(s[end+1:]), nil
}

// Applies reports whether the relation counts on an architecture. One with
// build profiles counts only when no profile is asked for, as here.
func (r Relation) Applies(architecture string) bool {
	return r.appliesTo(architecture) && r.appliesWithoutProfiles()
}

func (r Relation) appliesTo(architecture string) bool {
	if len(r.Architectures) == 0 {
		return true
	}
	negated := strings.HasPrefix(r.Architectures[0], "!")
	for _, word := range r.Architectures {
		word = strings.TrimPrefix(word, "!")
		if word == architecture || word == "any" || word == "linux-any" || word == "any-"+architecture {
			return !negated
		}
	}
	return negated
}

func (r Relation) appliesWithoutProfiles() bool {
	for _, list := range r.Profiles {
		all := true
		for _, word := range list {
			all = all && strings.HasPrefix(word, "!")
		}
		if all {
			return true
		}
	}
	return len(r.Profiles) == 0
}

func trimLeft(s string) string { return strings.TrimLeft(s, " \t\r\n") }

// AnyArchitecture ends the name that stands for a package of whatever
// architecture, as long as it is Multi-Arch: allowed.
const AnyArchitecture = ":any"

// Target is the name under which a relation looks for packages on a system of
// one architecture. "any" stands for packages that are Multi-Arch: allowed; a
// foreign architecture is a name that no package of the system has.
func (r *Relation) Target(architecture string) string {
	switch r.Qualifier {
	case "", "native", architecture:
		return r.Name
	}
	return r.Name + ":" + r.Qualifier
}
