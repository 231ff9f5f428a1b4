// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package printable

import "strings"

// Address is an address without who logs in there: a password, or a token in its place.
// git's own user is no secret.
func Address(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	host, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(host, '@')
	if at < 0 || host[:at] == "git" {
		return s
	}
	return scheme + "://…" + rest[at:]
}
