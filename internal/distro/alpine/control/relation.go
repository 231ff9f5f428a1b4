// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"fmt"
	"strings"
)

// An Op is how a relation compares versions: the outcomes that it takes.
type Op uint8

// The outcomes, and what they are together.
const (
	Less Op = 1 << iota
	Equal
	Greater
	// Fuzzy takes every version that begins with the one it names.
	Fuzzy

	Any = Less | Equal | Greater
	// Checksum names a package by its checksum instead of a version.
	Checksum = Less | Greater
)

// String is the operator as it is written.
func (o Op) String() string {
	if o == Any {
		return ""
	}
	s := ""
	for _, part := range []struct {
		bit  Op
		sign string
	}{{Greater, ">"}, {Less, "<"}, {Fuzzy, "~"}, {Equal, "="}} {
		if o&part.bit != 0 && (part.bit != Equal || o&Fuzzy == 0) {
			s += part.sign
		}
	}
	return s
}

// Holds reports whether the version have is what the operator asks for. Something
// without a version is not what any but Any asks for.
func (o Op) Holds(have, want string) bool {
	if o == Any {
		return true
	}
	if have == "" {
		return false
	}
	switch c := compare(have, want, o&Fuzzy != 0); {
	case c < 0:
		return o&Less != 0
	case c > 0:
		return o&Greater != 0
	}
	return o&Equal != 0
}

// A Relation is a package or another name that is needed, provided or excluded.
type Relation struct {
	Name string
	Op   Op
	// Version is empty for Any, and a checksum for Checksum.
	Version string
	// Conflict says that it must not be there: it is written with a ! in front.
	Conflict bool
	// Tag names the tagged repository that the package may come from.
	Tag string
}

// String is the relation as it is written.
func (r Relation) String() string {
	s := r.Name
	if r.Conflict {
		s = "!" + s
	}
	if r.Tag != "" {
		s += "@" + r.Tag
	}
	return s + r.Op.String() + r.Version
}

// ErrRelation is in every error about a relation that cannot be read.
var ErrRelation = errors.New("that is neither a package nor a package with a version")

const maxRelation = 1024 // bytes

// ParseRelation reads [!]name[@tag][operator version].
func ParseRelation(text string) (Relation, error) {
	bad := func(why string) (Relation, error) {
		return Relation{}, fmt.Errorf("read %.80q: %w: %s", text, ErrRelation, why)
	}
	if len(text) > maxRelation {
		return bad("it is too long")
	}
	r := Relation{Op: Any}
	rest := text
	rest, r.Conflict = strings.CutPrefix(rest, "!")
	if r.Conflict && strings.HasPrefix(rest, "!") {
		return bad("it has two exclamation marks")
	}
	cut := strings.IndexAny(rest, "<>=~")
	r.Name = rest
	if cut >= 0 {
		r.Name, rest = rest[:cut], rest[cut:]
		n := len(rest) - len(strings.TrimLeft(rest, "<>=~"))
		r.Version = rest[n:]
		if r.Op = operator(rest[:n]); r.Op == 0 {
			return bad("there is no operator " + rest[:n] + "; there are = < <= > >= ~ <~ and >~")
		}
	}
	var tagged bool
	r.Name, r.Tag, tagged = strings.Cut(r.Name, "@")
	switch {
	case r.Name == "":
		return bad("it has no name")
	case tagged && (r.Tag == "" || strings.Contains(r.Tag, "@")):
		return bad("the repository's tag after the @ is missing or not one")
	case strings.IndexFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f || c == 0xfffd }) >= 0:
		return bad("it has a space or a character that cannot be there")
	case r.Op == Any && cut >= 0, r.Op != Any && r.Op != Checksum && !ValidVersion(r.Version):
		return bad("the version is not one that apk knows")
	case r.Op == Checksum && r.Version == "":
		return bad("it has no checksum")
	}
	return r, nil
}

// operator reads the signs between a name and a version, each of which stands there once;
// 0 is none. As for apk, ~= and =~ are ~.
func operator(signs string) Op {
	var o Op
	for i := range len(signs) {
		if strings.IndexByte(signs[:i], signs[i]) >= 0 {
			return 0
		}
		switch signs[i] {
		case '<':
			o |= Less
		case '>':
			o |= Greater
		case '=':
			o |= Equal
		case '~':
			o |= Fuzzy | Equal
		}
	}
	return o
}

// MaxRelations is the most relations of one field; the most of real ones are some
// hundred.
const MaxRelations = 20_000

// ParseRelations reads relations with spaces or newlines between them.
func ParseRelations(text string) ([]Relation, error) {
	words := strings.Fields(text)
	if len(words) > MaxRelations {
		return nil, fmt.Errorf("read %.80q: %w: there are more than %d", text, ErrRelation, MaxRelations)
	}
	list := make([]Relation, 0, len(words))
	for _, word := range words {
		r, err := ParseRelation(word)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
