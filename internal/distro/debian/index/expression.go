// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"regexp"
	"strings"
)

// expression compiles an extended regular expression of POSIX, as apt's are. There a
// repetition can be repeated, as in libstdc++, which Go refuses or takes for something
// else.
func expression(text string) (*regexp.Regexp, error) {
	out := make([]byte, 0, len(text))
	repeated := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			out = append(out, c, text[i+1])
			i++
			repeated = false
		case c == '[':
			n := bracket(text[i:])
			out = append(out, text[i:i+n]...)
			i += n - 1
			repeated = false
		case strings.IndexByte("*+?", c) >= 0 && repeated:
			if last := len(out) - 1; out[last] != c {
				out[last] = '*'
			}
		default:
			out = append(out, c)
			repeated = strings.IndexByte("*+?", c) >= 0
		}
	}
	return regexp.Compile("(?i)" + string(out))
}

// bracket is the length of the bracket expression that a text begins with; all of the
// text when it has no end.
func bracket(text string) int {
	i := 1
	if strings.HasPrefix(text[i:], "^") {
		i++
	}
	if strings.HasPrefix(text[i:], "]") {
		i++
	}
	for ; i < len(text); i++ {
		switch {
		case text[i] == ']':
			return i + 1
		case strings.HasPrefix(text[i:], "[:"):
			if n := strings.Index(text[i:], ":]"); n > 0 {
				i += n + 1
			}
		}
	}
	return len(text)
}
