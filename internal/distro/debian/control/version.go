// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// CheckVersion says why dpkg doesn't take a text for a version; nil if it does.
func CheckVersion(v string) error {
	upstream, revision := v, "0"
	if epoch, rest, ok := strings.Cut(v, ":"); ok {
		if _, err := strconv.ParseUint(epoch, 10, 31); err != nil {
			return fmt.Errorf("%.40q before the colon is not an epoch", epoch)
		}
		upstream = rest
	}
	if i := strings.LastIndexByte(upstream, '-'); i >= 0 {
		upstream, revision = upstream[:i], upstream[i+1:]
	}
	switch {
	case upstream == "" || !isDigit(upstream[0]):
		return errors.New("a version begins with a digit")
	case revision == "":
		return errors.New("nothing follows the hyphen")
	}
	for _, part := range []struct{ text, others string }{{upstream, ".+~-:"}, {revision, ".+~"}} {
		if i := strings.IndexFunc(part.text, func(r rune) bool { return !isVersionLetter(r) && !strings.ContainsRune(part.others, r) }); i >= 0 {
			return fmt.Errorf("a version can't have what begins at %.40q", part.text[i:])
		}
	}
	return nil
}

func isVersionLetter(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// CompareVersions orders two Debian versions, "[epoch:]upstream[-revision]", as
// dpkg does: negative when a is older, 0 when they are equal, positive when a
// is newer. The rules are those of deb-version(7). Anything is compared; what
// is not a version has some place in the order.
func CompareVersions(a, b string) int {
	if a == b {
		return 0
	}
	aEpoch, a := cutEpoch(a)
	bEpoch, b := cutEpoch(b)
	if c := compareDigits(aEpoch, bEpoch); c != 0 {
		return c
	}
	aRevision, bRevision := "", ""
	if i := strings.LastIndexByte(a, '-'); i >= 0 {
		a, aRevision = a[:i], a[i+1:]
	}
	if i := strings.LastIndexByte(b, '-'); i >= 0 {
		b, bRevision = b[:i], b[i+1:]
	}
	if c := comparePart(a, b); c != 0 {
		return c
	}
	return comparePart(aRevision, bRevision)
}

// cutEpoch splits at the first colon when only digits stand before it.
func cutEpoch(v string) (epoch, rest string) {
	i := strings.IndexByte(v, ':')
	if i < 0 {
		return "", v
	}
	for j := range i {
		if !isDigit(v[j]) {
			return "", v
		}
	}
	return v[:i], v[i+1:]
}

// comparePart compares by turns a run of non-digits, character by character,
// and a run of digits, as a number of any length.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		for (a != "" && !isDigit(a[0])) || (b != "" && !isDigit(b[0])) {
			if c := cmp.Compare(rank(a), rank(b)); c != 0 {
				return c
			}
			a, b = tail(a), tail(b)
		}
		aDigits, bDigits := digits(a), digits(b)
		if c := compareDigits(a[:aDigits], b[:bDigits]); c != 0 {
			return c
		}
		a, b = a[aDigits:], b[bDigits:]
	}
	return 0
}

// rank places the first character: a tilde, then the end or a digit, then
// letters, then the rest.
func rank(s string) int {
	if s == "" || isDigit(s[0]) {
		return 0
	}
	c := s[0]
	switch {
	case c == '~':
		return -1
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return int(c)
	}
	return int(c) + 256
}

func tail(s string) string {
	if s == "" {
		return s
	}
	return s[1:]
}

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
