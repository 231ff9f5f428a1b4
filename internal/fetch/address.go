// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"errors"
	"net/url"
	"strings"
)

// ParseAddress reads an address. The error has nothing of what may be a login.
func ParseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil && strings.Contains(address, "@") {
		return nil, errors.New("it isn't in the form of one, or what stands before the @ has characters that must be written as %XX")
	}
	return u, err
}

// Shown is an address as messages have it: without what stands before an @, which may be a
// login.
func Shown(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return "…" + address[i:]
	}
	return address
}
