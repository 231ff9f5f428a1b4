// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import "strings"

// A versionKind is what a part of a version is. The later ones come later in a
// version, and where two versions go apart in kind, the later kind is the older
// version: 1.2 ends where 1.2.1 has a number.
type versionKind uint8

const (
	firstNumber versionKind = iota
	nextNumber
	letter
	suffix
	suffixNumber
	commit
	revision
	ended
	broken
)

// released is the rank between the suffixes that come before a release and those
// that come after it.
const released = 5

// suffixRank orders suffixes; 0 is none that apk knows.
func suffixRank(name string) int {
	switch name {
	case "alpha":
		return 1
	case "beta":
		return 2
	case "pre":
		return 3
	case "rc":
		return 4
	case "cvs":
		return 6
	case "svn":
		return 7
	case "git":
		return 8
	case "hg":
		return 9
	case "p":
		return 10
	}
	return 0
}

// A versionReader reads a version part by part:
// number{.number}[letter]{_suffix[number]}[~commit][-rnumber].
type versionReader struct {
	rest string
	kind versionKind
	text string // of the part, without what introduces it
	rank int    // of a suffix
}

func readVersion(v string) *versionReader {
	r := &versionReader{rest: v}
	r.number()
	return r
}

// next reads the part after the one it has.
func (r *versionReader) next() {
	if r.rest == "" {
		r.kind, r.text = ended, ""
		return
	}
	c := r.rest[0]
	before := r.kind
	switch {
	case c >= 'a' && c <= 'z' && before <= nextNumber:
		r.kind, r.text, r.rest = letter, r.rest[:1], r.rest[1:]
	case c == '.' && before <= nextNumber:
		r.rest = r.rest[1:]
		r.kind = nextNumber
		r.number()
	case isDigit(c) && before == suffix:
		r.kind = suffixNumber
		r.number()
	case c == '_' && before <= suffixNumber:
		r.rest = r.rest[1:]
		r.kind = suffix
		r.take(func(c byte) bool { return c >= 'a' && c <= 'z' })
		if r.rank = suffixRank(r.text); r.rank == 0 {
			r.kind = broken
		}
	case c == '~' && before < commit:
		r.rest = r.rest[1:]
		r.kind = commit
		r.take(isHex)
		if r.text == "" {
			r.kind = broken
		}
	case strings.HasPrefix(r.rest, "-r") && before < revision:
		r.rest = r.rest[2:]
		r.kind = revision
		r.number()
	default:
		r.kind = broken
	}
}

func (r *versionReader) number() {
	if r.take(isDigit); r.text == "" {
		r.kind = broken
	}
}

func (r *versionReader) take(ok func(byte) bool) {
	n := 0
	for n < len(r.rest) && ok(r.rest[n]) {
		n++
	}
	r.text, r.rest = r.rest[:n], r.rest[n:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' }

// ValidVersion reports whether apk takes the text for a version.
func ValidVersion(v string) bool {
	r := readVersion(v)
	for r.kind < ended {
		r.next()
	}
	return r.kind == ended
}

// CompareVersions returns -1, 0 or 1 as a is older than, the same as or newer
// than b, by the rules of apk-tools 2.14 and 3.
func CompareVersions(a, b string) int { return compare(a, b, false) }

// compare also takes a for the same as b, if fuzzy, when b is where a begins.
func compare(a, b string, fuzzy bool) int {
	x, y := readVersion(a), readVersion(b)
	for x.kind == y.kind && x.kind < ended {
		if c := comparePart(x, y); c != 0 {
			return c
		}
		x.next()
		y.next()
	}
	switch {
	case x.kind == y.kind, fuzzy && y.kind == ended:
		return 0
	case x.kind == suffix && x.rank < released:
		return -1
	case y.kind == suffix && y.rank < released:
		return 1
	case x.kind > y.kind:
		return -1
	}
	return 1
}

func comparePart(x, y *versionReader) int {
	switch x.kind {
	case suffix:
		return x.rank - y.rank
	case nextNumber:
		// A number with a zero in front is a fraction.
		if x.text[0] == '0' || y.text[0] == '0' {
			return strings.Compare(x.text, y.text)
		}
		return compareNumbers(x.text, y.text)
	case firstNumber, suffixNumber, revision:
		return compareNumbers(x.text, y.text)
	}
	return strings.Compare(x.text, y.text)
}

// compareNumbers compares numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
