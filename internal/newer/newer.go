// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package newer orders tags that are versions, of images and of repositories.
//
// A tag is a version if it begins with numbers: 22, v1.4.0, 3.19-alpine. Another tag is
// newer if it says the same thing of a greater version: as many numbers, the same words
// after them, a v or none. So 24-alpine is newer than 22-alpine, and neither 24 nor
// 24.1-alpine nor 24-slim is. Renovate compares tags of images by these rules.
package newer

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// version is a tag that is one.
type version struct {
	// prefix is what stands before the numbers: nothing, or v.
	prefix  string
	numbers []uint64
	// pre is what stands right behind the numbers, as in 3.0rc1.
	pre string
	// variant is everything from the first - on.
	variant string
}

// form is how a tag begins that is a version.
var form = regexp.MustCompile(`^(v?)([0-9]+(?:\.[0-9]+)*)([a-zA-Z_][a-zA-Z0-9_]*)?((?:[-+].*)?)$`)

// longest is how many bytes a tag has at most, as registries have it.
const longest = 128

// date is the first number that is taken for a year: dates are no versions, and versions
// are no dates.
const date = 1000

func parse(tag string) (version, bool) {
	m := form.FindStringSubmatch(tag)
	if m == nil || len(tag) > longest || isCommit(tag) {
		return version{}, false
	}
	v := version{prefix: m[1], pre: m[3], variant: m[4]}
	for text := range strings.SplitSeq(m[2], ".") {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return version{}, false
		}
		v.numbers = append(v.numbers, n)
	}
	return v, true
}

// isCommit reports whether a tag looks like the name of a commit.
func isCommit(tag string) bool {
	return len(tag) >= 7 && len(tag) <= 40 && strings.Trim(tag, "0123456789abcdef") == "" && strings.Trim(tag, "0123456789") != ""
}

// follows reports whether a version is of the same kind as another one and greater.
func (v version) follows(other version) bool {
	return v.prefix == other.prefix && v.variant == other.variant && len(v.numbers) == len(other.numbers) &&
		(v.pre == "" || other.pre != "") && (v.numbers[0] >= date) == (other.numbers[0] >= date) && v.compare(other) > 0
}

func (v version) compare(other version) int {
	pre := func(v version) int {
		if v.pre == "" {
			return 1 // the release is greater than what came before it
		}
		return 0
	}
	return cmp.Or(slices.Compare(v.numbers, other.numbers), cmp.Compare(pre(v), pre(other)), strings.Compare(v.pre, other.pre))
}

// Tag is the newest of some tags that is newer than one; empty if none is, or if that is
// no version.
func Tag(than string, tags []string) string {
	current, ok := parse(than)
	if !ok {
		return ""
	}
	newest, found := current, ""
	for _, tag := range tags {
		if v, ok := parse(tag); ok && v.follows(current) && (v.compare(newest) > 0 || v.compare(newest) == 0 && tag < found) {
			newest, found = v, tag
		}
	}
	return found
}

// IsVersion reports whether a tag is a version.
func IsVersion(tag string) bool {
	_, ok := parse(tag)
	return ok
}
