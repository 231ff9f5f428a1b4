// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// secretKey is a key whose value is a secret, in lower case: of caches in the stores of
	// AWS, Azure and GitHub, and what is mistaken for one of --secret.
	secretKey = regexp.MustCompile(`(?:secret_access_key|session_token|account_key|token|password|value)=`)
	userInfo  = regexp.MustCompile(`://[^/\s]+@`)
)

// shown is a flag's value as messages have it, in quotes: without what follows the key of
// a secret, and without who logs in at an address. Messages end up in the logs of services.
func shown(word string) string {
	if at := secretKey.FindStringIndex(strings.ToLower(word)); at != nil && at[1] < len(word) {
		word = word[:at[1]] + "…"
	}
	return strconv.Quote(userInfo.ReplaceAllString(word, "://…@"))
}
