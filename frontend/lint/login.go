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

// comment is where the comment of a line begins.
var comment = regexp.MustCompile(`(^|\s)#`)

// logins looks for those in addresses, in whatever field they stand.
func (l *pass) logins() {
	number := 0
	for line := range strings.Lines(string(l.spec.Data)) {
		number++
		all := printable.Logins(line)
		if len(all) == 0 {
			continue
		}
		end := len(line)
		if begins := comment.FindStringIndex(line); begins != nil {
			end = begins[0]
		}
		column, counted := 1, 0
		for _, at := range all {
			if at[0] >= end {
				break
			}
			column, counted = column+utf8.RuneCountInString(line[counted:at[0]]), at[0]
			l.report(LoginInAddress, spec.Pos{Line: number, Column: column},
				"an address has a login, and whoever sees the address sees that, also in provenance; give it as a secret such as HTTP_AUTH_TOKEN_host or GIT_AUTH_TOKEN")
		}
	}
}
