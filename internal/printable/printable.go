// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package printable makes text that others wrote fit for a terminal: names of files
// and packages, labels, annotations, the history of images, answers of servers.
// What a terminal would obey is shown instead, as Go writes it in a string: \x1b.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line makes one line of a text: line breaks and tabs are shown as \n and \t.
func Line(s string) string { return escaped(s, func(rune) bool { return false }) }

// Text is like [Line] for a text of several lines: line breaks and tabs stay. A
// carriage return before a line break is dropped.
func Text(s string) string {
	return escaped(strings.ReplaceAll(s, "\r\n", "\n"), func(r rune) bool { return r == '\n' || r == '\t' })
}

// Words is like [Line], with a blank for all white space between two words.
func Words(s string) string { return Line(strings.Join(strings.Fields(s), " ")) }

// Masked replaces what is not printable by U+FFFD, and hides logins in addresses. It keeps
// lines and columns.
func Masked(data []byte) []byte {
	clean := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' || unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, string(data))
	return []byte(WithoutLogins(clean))
}

// Colored is like [Text], but keeps the sequences that set colors, ESC [ … m, and
// takes a carriage return for a line break: it is for what programs print, bars of
// progress among it.
func Colored(s string) string {
	var b strings.Builder
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	for s != "" {
		before, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(Text(before))
		if !found {
			break
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
		if n >= 0 && rest[n] == 'm' {
			b.WriteString("\x1b[" + rest[:n+1])
			rest = rest[n+1:]
		} else {
			b.WriteString(`\x1b[`)
		}
		s = rest
	}
	return b.String()
}

// shown is a character that is not printable as Go has it in a string; from DEL on in
// a form that JSON has as well, which has nothing but such characters raw.
func shown(s string, r rune) string {
	switch {
	case r == utf8.RuneError && len(s) == 1 || r < 0x7f:
		quoted := strconv.Quote(s)
		return quoted[1 : len(quoted)-1]
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// escaped keeps what is printable or kept.
func escaped(s string, kept func(rune) bool) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if kept(r) || unicode.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b.WriteRune(r)
		} else {
			b.WriteString(shown(s[:n], r))
		}
		s = s[n:]
	}
	return b.String()
}
