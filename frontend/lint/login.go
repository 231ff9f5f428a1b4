// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/spec"
)

// comment is a line up to a place in its comment.
var comment = regexp.MustCompile(`(^|\s)#`)

// logins looks for those in addresses, in whatever field they stand.
func (l *pass) logins() {
	text := string(l.spec.Data)
	for _, at := range printable.Logins(text) {
		line := text[strings.LastIndexByte(text[:at[0]], '\n')+1 : at[0]]
		if comment.MatchString(line) {
			continue
		}
		l.report(LoginInAddress, spec.Pos{Line: strings.Count(text[:at[0]], "\n") + 1, Column: utf8.RuneCountInString(line) + 1},
			"an address has a login, which who reads the address has, in provenance too; give it as a secret, as HTTP_AUTH_TOKEN_host or GIT_AUTH_TOKEN")
	}
}
