// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// loginAt finds what stands before the host of an HTTP server, if it is written out: what
// is put together of variables has no login in it. A password may have an @.
var loginAt = regexp.MustCompile(`(?i)https?://([^\s/?#'"<>{}$\\]+)@`)

// Logins are the places of logins in a text's addresses of HTTP servers: from the first
// byte of each to that after its last. git's own user is none, nor is what [Address] leaves.
func Logins(text string) [][2]int {
	if !strings.Contains(text, "://") {
		return nil
	}
	var out [][2]int
	for _, at := range loginAt.FindAllStringSubmatchIndex(text, -1) {
		if login := text[at[2]:at[3]]; login != "git" && login != "…" {
			out = append(out, [2]int{at[2], at[3]})
		}
	}
	return out
}

// WithoutLogins has a star in the place of each character of a [Logins], so that columns
// stay.
func WithoutLogins(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range Logins(text) {
		b.WriteString(text[end:at[0]])
		b.WriteString(strings.Repeat("*", utf8.RuneCountInString(text[at[0]:at[1]])))
		end = at[1]
	}
	return b.String() + text[end:]
}
