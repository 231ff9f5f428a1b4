// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsPattern reports whether a path may be a pattern of path.Match.
func IsPattern(p string) bool { return strings.ContainsAny(p, `*?[\`) }

// Unescaped returns the only path that a pattern can match; false if it may match
// others, or is none.
func Unescaped(pattern string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*', '?', '[':
			return "", false
		case '\\':
			if i++; i == len(pattern) {
				return "", false
			}
		}
		b.WriteByte(pattern[i])
	}
	return b.String(), true
}

// Matched is a pattern as BuildKit copies by it. The directories before the first name with a
// wildcard are taken as they stand there, backslashes and all, so that they have none here.
func Matched(pattern string) string {
	names := strings.Split(pattern, "/")
	for i, name := range names {
		if plain, ok := Unescaped(name); ok && plain != name {
			names[i] = Exactly(plain)
		}
	}
	return strings.Join(names, "/")
}

// KnownDir is the directory that all lies in which a pattern of [Matched] matches, as far as
// its names are known.
func KnownDir(pattern string) string {
	names := strings.Split(path.Dir(pattern), "/")
	if i := slices.IndexFunc(names, IsPattern); i >= 0 {
		names = names[:i]
	}
	return path.Join("/", path.Join(names...))
}

// Few names the first of many.
func Few(words []string) string {
	const most = 3
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}

// Exactly returns a pattern that matches a path and nothing else. It has classes where
// others have backslashes: with those, links on the way aren't followed when a context
// is sent.
func Exactly(p string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]", `\`, `[\\]`).Replace(p)
}

// Sent are the patterns of what is sent for a path, which may be meant as it is written
// or as a pattern.
func Sent(p string) []string {
	if !IsPattern(p) {
		return []string{AtEnds(p)}
	}
	if _, err := path.Match(p, ""); err != nil {
		return []string{AtEnds(Exactly(p))}
	}
	return []string{AtEnds(withoutBackslashes(p)), AtEnds(Exactly(p))}
}

// AtEnds keeps what BuildKit's matcher takes for something else at the ends of a pattern:
// an exclamation mark, and blanks.
func AtEnds(p string) string {
	if rest, ok := strings.CutPrefix(p, "!"); ok {
		p = "[!]" + rest
	}
	if first, n := utf8.DecodeRuneInString(p); unicode.IsSpace(first) {
		p = "[" + p[:n] + "]" + p[n:]
	}
	if last, n := utf8.DecodeLastRuneInString(p); unicode.IsSpace(last) {
		p = p[:len(p)-n] + "[" + p[len(p)-n:] + "]"
	}
	return p
}

// withoutBackslashes is a good pattern without the backslashes before letters and digits,
// where BuildKit's matcher takes them for something else.
func withoutBackslashes(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] == '\\' {
			i++
			if c := p[i]; !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z') {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(p[i])
	}
	return b.String()
}
